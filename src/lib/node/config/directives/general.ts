/** The process: its log, its files, its signals; and knobs of redis-server that mean nothing to Node.js. */
import { choice, type Directive, integer, LONG_MAX, text, words, yesNo } from '../directive.js';
import { checkProcTitle } from './checks.js';
import { oomScoresKind, percentilesKind, shutdownKind } from './words.js';

const UNNEEDED_CPUS = ['accepted', 'Node.js does not pin threads to processors.'] as const;

export const GENERAL_DIRECTIVES: readonly Directive[] = [
  yesNo('daemonize', 'no', ['effective', 'The parent ends once the child listens.'], {
    immutable: true,
  }),
  choice(
    'supervised',
    ['upstart', 'systemd', 'auto', 'no'],
    'no',
    ['accepted', 'No message is sent to the supervisor.'],
    { immutable: true },
  ),
  text('pidfile', '', ['effective', 'Removed at exit; a warning where it cannot be written.'], {
    immutable: true,
  }),
  choice('loglevel', ['debug', 'verbose', 'notice', 'warning'], 'notice', [
    'effective',
    'The least important line that is written.',
  ]),
  text('logfile', '', ['effective', 'Empty is the standard output.'], { immutable: true }),
  yesNo('syslog-enabled', 'no', ['refused', 'There is no syslog here; use logfile.'], {
    immutable: true,
  }),
  text('syslog-ident', 'redis', ['accepted', 'There is no syslog here.'], { immutable: true }),
  choice(
    'syslog-facility',
    ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    'local0',
    ['accepted', 'There is no syslog here.'],
    { immutable: true },
  ),
  yesNo('crash-log-enabled', 'yes', ['accepted', 'Node.js writes its own report.']),
  yesNo('crash-memcheck-enabled', 'yes', ['accepted', 'Node.js writes its own report.']),
  yesNo('always-show-logo', 'no', ['accepted', 'There is no logo.'], { immutable: true }),
  yesNo('set-proc-title', 'yes', ['effective', 'The title `ps` shows.'], { immutable: true }),
  text(
    'proc-title-template',
    '{title} {listen-addr} {server-mode}',
    ['effective', 'What the title is made of.'],
    { check: checkProcTitle },
  ),
  text('ignore-warnings', '', ['accepted', 'None of the warnings it silences is given.']),
  words('shutdown-on-sigint', 'default', shutdownKind, [
    'effective',
    'What SHUTDOWN is given when SIGINT comes; a second one ends the node at once.',
  ]),
  words('shutdown-on-sigterm', 'default', shutdownKind, [
    'effective',
    'What SHUTDOWN is given when SIGTERM comes; a second one ends the node at once.',
  ]),
  integer('shutdown-timeout', 10, ['effective', 'Seconds that lagging replicas are waited for.']),
  integer('hz', 10, ['accepted', 'Timers are set for when something is due.']),
  yesNo('dynamic-hz', 'yes', ['accepted', 'Timers are set for when something is due.']),
  yesNo('activerehashing', 'yes', ['accepted', 'Maps of JavaScript grow by themselves.']),
  integer('io-threads', 1, ['accepted', 'There is one thread.'], {
    min: 1,
    max: 128,
    immutable: true,
  }),
  yesNo('io-threads-do-reads', 'no', ['accepted', 'There is one thread.'], { immutable: true }),
  yesNo('jemalloc-bg-thread', 'yes', ['accepted', 'V8 keeps the memory.']),
  yesNo('disable-thp', 'yes', ['accepted', 'V8 keeps the memory.'], { immutable: true }),
  choice('oom-score-adj', ['no', 'yes', 'relative', 'absolute'], 'no', [
    'accepted',
    'The score is left as it is.',
  ]),
  words('oom-score-adj-values', '0 200 800', oomScoresKind, [
    'accepted',
    'The score is left as it is.',
  ]),
  text('server_cpulist', '', UNNEEDED_CPUS, { immutable: true }),
  text('bio_cpulist', '', UNNEEDED_CPUS, { immutable: true }),
  text('aof_rewrite_cpulist', '', UNNEEDED_CPUS, { immutable: true }),
  text('bgsave_cpulist', '', UNNEEDED_CPUS, { immutable: true }),
  integer(
    'slowlog-log-slower-than',
    10000,
    ['effective', 'Microseconds; negative is off, 0 is all.'],
    {
      min: -1,
      max: LONG_MAX,
    },
  ),
  integer('slowlog-max-len', 128, ['effective', 'Slow calls kept.'], { max: LONG_MAX }),
  integer(
    'latency-monitor-threshold',
    0,
    ['effective', 'Milliseconds from which LATENCY keeps an event; 0 keeps none.'],
    {
      max: LONG_MAX,
    },
  ),
  yesNo('latency-tracking', 'yes', ['effective', 'Percentiles per command in INFO latencystats.']),
  words('latency-tracking-info-percentiles', '50 99 99.9', percentilesKind, [
    'effective',
    'The percentiles INFO latencystats shows.',
  ]),
  integer('watchdog-period', 0, ['accepted', 'A debugging aid of redis-server.'], { hidden: true }),
];
