/** Links against servers that misbehave: each is a few lines of net, so that no clock has to be trusted. */
import { expect } from 'chai';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { callRaw } from '../../src/lib/client/raw-link.js';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { rejectionOf } from '../support/thrown-by.js';

describe('links to servers', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  let links = new RedisLinks();

  async function serve(answer: (request: string, socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('data', (chunk) => answer(chunk.toString('latin1'), socket));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  afterEach(() => {
    links.closeAll();
    links = new RedisLinks();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server?.close();
  });

  it('end by their deadline when the server is silent, and open anew for the next call', async () => {
    let connections = 0;
    const port = await serve((request, socket) => {
      if (request.includes('PING')) socket.write('+PONG\r\n');
    });
    server!.on('connection', () => connections++);
    const link = links.to({ host: '127.0.0.1', port });
    const failure = await rejectionOf(link.call(['BLOCK'], { deadlineMs: 50 }));
    expect(failure.code).to.equal('NO_ANSWER');
    expect(failure.message).to.include(`127.0.0.1:${port}`).and.include('BLOCK');
    expect(await link.call(['PING'])).to.equal('PONG');
    expect(connections).to.equal(2);
  });

  it('send every command once: a connection lost in flight is an error, not a repetition', async () => {
    const seen: string[] = [];
    const port = await serve((request, socket) => {
      seen.push(request);
      socket.destroy();
    });
    const failure = await rejectionOf(
      links.to({ host: '127.0.0.1', port }).call(['INCR', 'counter']),
    );
    expect(failure.code).to.equal('NODE_UNREACHABLE');
    expect(seen).to.have.length(1);
  });

  it('say that a peer does not speak the protocol', async () => {
    const port = await serve((_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const failure = await rejectionOf(links.to({ host: '127.0.0.1', port }).call(['PING']));
    expect(failure.code).to.be.oneOf(['PROTOCOL', 'NODE_UNREACHABLE']);
    const raw = await rejectionOf(callRaw({ host: '127.0.0.1', port }, ['PING'], {}));
    expect(raw.code).to.equal('PROTOCOL');
  });

  it('ask questions of one turn in one packet', async () => {
    const chunks: string[] = [];
    const port = await serve((request, socket) => {
      chunks.push(request);
      socket.write('+OK\r\n'.repeat(request.split('*1\r\n').length - 1));
    });
    const link = links.to({ host: '127.0.0.1', port });
    await link.call(['ONE']);
    await Promise.all([link.call(['TWO']), link.call(['THREE']), link.call(['FOUR'])]);
    expect(chunks).to.have.length(2);
  });

  it('ask several questions, and log in, in one packet; a refusal is an answer', async () => {
    const chunks: string[] = [];
    const port = await serve((request, socket) => {
      chunks.push(request);
      socket.write(
        '+OK\r\n$6\r\nd\xc3\xbcrr!\r\n-ERR no such thing\r\n*2\r\n:1\r\n$-1\r\n',
        'latin1',
      );
    });
    links = new RedisLinks({ password: 'p' });
    const [text, refusal, list] = await links
      .to({ host: '127.0.0.1', port })
      .ask([['ONE'], ['CONFIG', 'GET', 'x'], ['THREE']]);
    expect(chunks).to.have.length(1);
    expect(text).to.equal('dürr!');
    expect(refusal).to.be.instanceOf(TribError);
    expect((refusal as TribError).message)
      .to.include('CONFIG GET')
      .and.include('no such thing');
    expect(list).to.deep.equal([1, null]);
  });

  it('read answers that come in pieces, of several servers at once, without mixing them up', async () => {
    const long = 'x'.repeat(100_000);
    const port = await serve((request, socket) => {
      const reply = `$${long.length + 1}\r\n${long}${/[12]/.exec(request.slice(6))![0]}\r\n`;
      for (let at = 0; at < reply.length; at += 30_000) socket.write(reply.slice(at, at + 30_000));
    });
    const other = new RedisLinks();
    try {
      const answers = await Promise.all(
        [links, other].map((each, index) =>
          each.to({ host: '127.0.0.1', port }).ask([[`Q${index + 1}`]]),
        ),
      );
      expect(answers.map(([text]) => String(text).slice(-2))).to.deep.equal(['x1', 'x2']);
      expect(answers.map(([text]) => String(text).length)).to.deep.equal([100_001, 100_001]);
    } finally {
      other.closeAll();
    }
  });

  it('pass on what a server says before it hangs up', async () => {
    const port = await serve((_, socket) => socket.end('-ERR max number of clients reached\r\n'));
    const failure = await rejectionOf(links.to({ host: '127.0.0.1', port }).ask([['A'], ['B']]));
    expect(failure.message).to.include('max number of clients reached');
  });

  it('end questions by their deadline, and open anew for the next ones', async () => {
    const port = await serve((request, socket) => {
      if (request.includes('PING')) socket.write('+PONG\r\n');
    });
    const link = links.to({ host: '127.0.0.1', port });
    expect((await rejectionOf(link.ask([['BLOCK']], { deadlineMs: 50 }))).code).to.equal(
      'NO_ANSWER',
    );
    expect(await link.ask([['PING']])).to.deep.equal(['PONG']);
  });

  it('never repeat an argument that may be a secret', async () => {
    const port = await serve((_, socket) => socket.write('-ERR no\r\n'));
    const link = links.to({ host: '127.0.0.1', port });
    const failure = await rejectionOf(link.call(['CONFIG', 'SET', 'requirepass', 'geheim']));
    const told = JSON.stringify([failure.message, failure.hints, failure.details]);
    expect(told).to.include('CONFIG SET').and.not.include('geheim');
  });

  it('stop for an interruption', async () => {
    const port = await serve(() => undefined);
    const controller = new AbortController();
    const call = links
      .to({ host: '127.0.0.1', port })
      .call(['PING'], { signal: controller.signal });
    controller.abort();
    expect((await rejectionOf(call)).code).to.equal('INTERRUPTED');
  });

  it('keep reply types apart where they matter', async () => {
    const port = await serve((_, socket) =>
      socket.write('*4\r\n+OK\r\n$2\r\nOK\r\n-ERR inside\r\n*2\r\n:1\r\n$-1\r\n'),
    );
    const reply = await callRaw({ host: '127.0.0.1', port }, ['X'], {});
    expect(reply).to.deep.equal({
      kind: 'array',
      items: [
        { kind: 'status', text: 'OK' },
        { kind: 'bulk', text: 'OK' },
        { kind: 'error', text: 'ERR inside' },
        {
          kind: 'array',
          items: [
            { kind: 'integer', value: 1 },
            { kind: 'null', form: 'bulk' },
          ],
        },
      ],
    });
  });
});
