// Numbers and elements as every page needs them.

// A number as people type it: full-width digits, commas, and △ or − for minus; null where it is none.
export function numberOf(text) {
  const plain = text.normalize("NFKC").replace(/[\s,、%]/g, "").replace(/^[△▲−－‐]/, "-").replace(/^\+/, "");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

export function shown(number) {
  return number.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

export function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// What a request answers, and whether it went well; null where the server does not answer at all.
export async function asked(address, options = {}) {
  try {
    const answer = await fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
    return { ok: answer.ok, status: answer.status, said: await answer.json() };
  } catch {
    return null;
  }
}

// An element with attributes and children; text is always text, never markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
