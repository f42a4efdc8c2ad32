// Follows analyses while they are computed: server-sent events, and asking again where those do not come through.
const FINAL = new Set(["succeeded", "failed", "cancelled"]);
const PAUSE = 2000;

// Calls `changed({ state, step })` for each event and `ended()` once; returns a function that stops following.
export const follow = (events, poll, changed, ended) => {
  let timer = null;
  const source = new EventSource(events);
  const stop = () => { source.close(); clearTimeout(timer); };
  const finish = () => { stop(); ended(); };
  const take = (message) => {
    const event = JSON.parse(message.data);
    changed(event);
    if (FINAL.has(event.state)) finish();
  };
  const ask = async () => {
    try {
      const answer = await fetch(poll, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const { state } = await answer.json();
        changed({ state, step: null });
        if (FINAL.has(state)) return finish();
      }
    } catch { /* the network comes back or does not; ask again */ }
    timer = setTimeout(ask, PAUSE);
  };
  source.addEventListener("state", take);
  source.addEventListener("step", take);
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && timer === null) ask();
  });
  return stop;
};
