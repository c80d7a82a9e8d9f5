// What workerd is asked to do in the bench: one SQLite Durable Object a name, each request one row.
// The answer leaves through the output gate, which is on, as by default: so only after the commit.
import { DurableObject } from "cloudflare:workers";

export class Session extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS history (version INTEGER PRIMARY KEY, text TEXT)");
  }

  async fetch(request) {
    this.sql.exec("INSERT INTO history (text) VALUES (?)", await request.text());
    return new Response("done");
  }
}

export default {
  async fetch(request, env) {
    const id = env.SESSIONS.idFromName(new URL(request.url).pathname);
    return env.SESSIONS.get(id).fetch(request);
  },
};
