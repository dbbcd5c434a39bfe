//! What every mail has around its own text.

use crate::settings::Settings;

/// The frame of one mail.
pub(crate) struct Frame<'a> {
    /// The shop's name.
    pub(crate) brand: &'a str,
    /// The heading; also the subject.
    pub(crate) title: String,
    /// The line that mail programs show behind the subject. Never holds a secret: lock screens show it.
    pub(crate) preview: String,
    /// The styles, inline because several mail programs drop everything else.
    pub(crate) css: &'static Css,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(settings: &'a Settings, title: String, preview: String) -> Self {
        Self { brand: &settings.brand, title, preview, css: &CSS }
    }
}

/// Inline styles by role. Colours are those of the light scheme; `base.html` overrides them by class for the
/// dark one.
pub(crate) struct Css {
    pub(crate) h2: &'static str,
    pub(crate) h3: &'static str,
    pub(crate) p: &'static str,
    pub(crate) list: &'static str,
    pub(crate) item: &'static str,
    pub(crate) panel: &'static str,
    pub(crate) cell: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) digest: &'static str,
    pub(crate) code: &'static str,
    pub(crate) small: &'static str,
    pub(crate) button: &'static str,
    pub(crate) link: &'static str,
}

const CSS: Css = Css {
    h2: "margin:32px 0 8px;font-size:19px;line-height:26px;font-weight:700;",
    h3: "margin:20px 0 4px;font-size:16px;line-height:24px;font-weight:700;",
    p: "margin:0 0 14px;font-size:16px;line-height:25px;",
    list: "margin:0 0 14px;padding:0 0 0 24px;",
    item: "margin:0 0 6px;font-size:16px;line-height:25px;",
    panel: "width:100%;margin:0 0 14px;background-color:#f1f5f9;border:1px solid #dbe3ec;border-radius:10px;border-collapse:separate;",
    cell: "padding:10px 16px 9px;",
    label: "font-size:13px;line-height:18px;color:#54657a;",
    value: "font-size:16px;line-height:24px;color:#132033;",
    secret: "font-family:Consolas,Menlo,Roboto Mono,monospace;font-size:18px;line-height:26px;color:#132033;word-break:break-word;overflow-wrap:anywhere;-webkit-user-select:all;user-select:all;",
    digest: "font-family:Consolas,Menlo,Roboto Mono,monospace;font-size:16px;line-height:25px;color:#132033;",
    code: "font-family:Consolas,Menlo,Roboto Mono,monospace;font-size:15px;background-color:#f1f5f9;border-radius:4px;padding:2px 5px;word-break:break-word;",
    small: "margin:0 0 14px;font-size:14px;line-height:21px;color:#54657a;",
    button: "display:inline-block;padding:13px 22px;border-radius:8px;background-color:#0f5f56;color:#ffffff;font-size:16px;line-height:22px;font-weight:700;text-decoration:none;",
    link: "color:#0f5f56;text-decoration:underline;",
};
