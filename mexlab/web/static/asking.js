// Questions to the server. While it is away (no connection, busy, or started anew and wanting its
// token) they are asked again and again.
const RETRY_MS = 1500;
const JSON_PLEASE = { headers: { accept: "application/json" } };

// The answer, or null once `wanted` says no; `trouble` is told the status of each vain attempt.
export async function ask(path, trouble, wanted = () => true) {
  while (wanted()) {
    try {
      const answer = await fetch(path, JSON_PLEASE);
      if (answer.status !== 401 && answer.status !== 503) return answer;
      trouble({ status: answer.status });
    } catch {
      trouble({});
    }
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  return null;
}
