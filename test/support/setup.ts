/** Same terminal for every test: no colour, 80 columns, UTC. */
process.env['NO_COLOR'] = '1';
process.env['FORCE_COLOR'] = '0';
process.env['TZ'] = 'UTC';
process.env['COLUMNS'] = '80';
for (const name of ['REDISCLI_AUTH', 'VALKEYCLI_AUTH', 'REDISCLI_CLUSTER_YES']) {
  Reflect.deleteProperty(process.env, name);
}
