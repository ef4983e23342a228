// Adds a button beside each machine-readable form of a record that copies its text. Without scripts the links do.
for (const list of document.querySelectorAll("[data-copy]")) {
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  list.after(told);
  for (const link of list.querySelectorAll("a[type]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = list.dataset.copy;
    button.setAttribute("aria-label", `${list.dataset.copy}: ${link.textContent}`);
    button.addEventListener("click", async () => {
      try {
        const answer = await fetch(link.href);
        if (!answer.ok) throw new Error(answer.statusText);
        await navigator.clipboard.writeText(await answer.text());
        told.textContent = `${list.dataset.copied} ${link.textContent}`;
      } catch {
        told.textContent = list.dataset.failed;
      }
    });
    link.after(" ", button);
  }
}
