/** What viewers have chosen, where the browser lets the page remember it. */
export const choice = {
    read(key) { try { return localStorage.getItem(`bulkhead.${key}`); } catch { return null; } },
    write(key, value) { try { localStorage.setItem(`bulkhead.${key}`, value); } catch { /* It is not remembered. */ } },
};
