// The forms of /docs: send a call to this server and show its answer; nothing is kept, the key neither.
const LONGEST = 20000;

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers({ Accept: "application/json, */*;q=0.5" });
  const body = new FormData();
  let json = null;
  for (const field of form.querySelectorAll("[data-place]")) {
    const { place } = field.dataset;
    if (place === "file") for (const file of field.files) body.append(field.name, file);
    else if (field.value === "") continue;
    else if (place === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (place === "query") query.append(field.name, field.value);
    else if (place === "header") headers.set(field.name, field.value);
    else if (place === "part") body.append(field.name, field.value);
    else json = field.value;
  }
  const key = document.getElementById("key").value;
  if (key) headers.set("Authorization", `Bearer ${key}`);
  if (json !== null) headers.set("Content-Type", "application/json");
  const sent = json ?? ([...body.keys()].length ? body : undefined);
  return [query.size ? `${path}?${query}` : path, { method: form.dataset.method, headers, body: sent }];
}

function shown(text) {
  let pretty = text;
  try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON */ }
  return pretty.length > LONGEST ? `${pretty.slice(0, LONGEST)}\n…` : pretty;
}

for (const form of document.querySelectorAll(".try form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const output = form.querySelector("pre");
    output.hidden = false;
    const [address, options] = request(form);
    output.textContent = `${options.method} ${location.origin}${address}`;
    try {
      const answer = await fetch(address, options);
      const text = shown(await answer.text());
      output.textContent += `\n${answer.status} ${answer.headers.get("Content-Type") ?? ""}\n\n${text}`;
    } catch (error) {
      output.textContent += `\n${error}`;
    }
  });
}
