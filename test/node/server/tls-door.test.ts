/** A handshake has so much time, whether nothing comes or a byte now and then. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect } from 'chai';
import { TlsDoor } from '../../../src/lib/node/server/tls/door.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../../support/certificates.js';
import { waitUntil } from '../../support/wait.js';

describe('the door of the TLS port', () => {
  let certificates: Certificates;
  let server: Server | undefined;
  before(function () {
    if (!hasOpenssl()) this.skip();
    certificates = makeCertificates();
  });
  after(() => {
    server?.close();
    certificates.remove();
  });

  it('closes who is mute, and who trickles, after the same time', async () => {
    const reasons: string[] = [];
    const { certificate, key } = certificates.server;
    const door = new TlsDoor({
      contexts: () => ({
        server: { cert: readFileSync(certificate), key: readFileSync(key) },
        client: createSecureContext(),
      }),
      clientAuth: () => 'no',
      onSecure: (socket) => socket.destroy(),
      onFailed: (reason) => reasons.push(reason),
      handshakeMs: 300,
    });
    server = createServer((socket) => door.admit(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [mute, trickler] = [0, 1].map(() => createConnection({ port, host: '127.0.0.1' }));
    let isOver = false;
    const over = Promise.all(
      [mute!, trickler!].map((socket) => {
        socket.on('error', () => undefined);
        socket.resume();
        return new Promise((resolve) => socket.once('close', resolve));
      }),
    ).then(() => (isOver = true));
    await waitUntil('both are in their handshake', () => door.waitingCount === 2);
    // The head of a record of 512 bytes that never come to an end.
    trickler!.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc]));
    await waitUntil('they are closed', () => {
      if (!trickler!.destroyed) trickler!.write(Buffer.from([3]));
      return isOver;
    });
    await over;
    expect(reasons).to.deep.equal(['the handshake takes too long', 'the handshake takes too long']);
    expect(door.waitingCount).to.equal(0);
  });
});
