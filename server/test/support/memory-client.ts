import type { Role } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { Inbox, type TestClient } from './client.ts';

export function connectInProcess(app: App, role: Role = 'play'): TestClient {
  const client = app.connect(role);
  const inbox = new Inbox();
  client.onAnswer((answer) => inbox.take(answer));
  return {
    inbox,
    ask(cmd, args = {}, id = inbox.newId()) {
      const asked = inbox.expect(id);
      client.send({ id, cmd, args });
      return asked;
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
