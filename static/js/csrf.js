// Who logs in again in another tab gets another token: forms and requests send the one that holds now.

export function refreshTokens() {
  const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  if (!token) return;
  for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
  return token;
}

document.addEventListener("submit", refreshTokens, { capture: true });
document.addEventListener("htmx:configRequest", (event) => {
  const token = refreshTokens();
  if (!token) return;
  event.detail.headers["X-CSRFToken"] = token;
  if ("csrfmiddlewaretoken" in event.detail.parameters) event.detail.parameters.csrfmiddlewaretoken = token;
});
