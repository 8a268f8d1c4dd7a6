// The language of a frame: the host's, where there are words for it. EMBED_TEXTS is written by the build: language to words.

let chosen = "en";

/** The first of these tags for which there are words; the document says so. */
export const useLanguage = (...tags) => {
  const codes = tags.map((tag) => tag?.split("-")[0].toLowerCase());
  chosen = codes.find((code) => Object.hasOwn(EMBED_TEXTS, code ?? "")) ?? "en";
  document.documentElement.lang = chosen;
  document.documentElement.dir = chosen === "ar" ? "rtl" : "ltr";
  return chosen;
};

/** This message of the catalogue's area `embed`. */
export const say = (name) => EMBED_TEXTS[chosen][name];
