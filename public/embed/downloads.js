// Links to files of the API: a click on one carries no token, so the file is fetched and then saved.
const KEPT_MILLISECONDS = 60_000;

const nameOf = (response, link) => {
  const disposition = response.headers.get("content-disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename="([^"]+)"/i.exec(disposition)?.[1];
  return encoded ? decodeURIComponent(encoded) : plain || link.download || "download";
};

const save = (blob, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MILLISECONDS);
};

/** `onFailure` is called when a file could not be had. */
export const saveDownloads = (fetchFile, onFailure) => {
  const running = new WeakSet();
  addEventListener(
    "click",
    async (event) => {
      const link = event.target.closest?.('a[download][href^="/api/"]');
      if (!link || event.defaultPrevented) return;
      event.preventDefault();
      if (running.has(link)) return;
      running.add(link);
      try {
        const response = await fetchFile(link.href);
        if (!response.ok) throw new Error(`Download: ${response.status}`);
        save(await response.blob(), nameOf(response, link));
      } catch (error) {
        onFailure(error);
      } finally {
        running.delete(link);
      }
    },
    { capture: true },
  );
};
