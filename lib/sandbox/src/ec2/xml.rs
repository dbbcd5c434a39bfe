//! Answers in EC2's XML.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::random;
use crate::services::xml_text;

/// Elements, one after the other.
#[derive(Default)]
pub(super) struct Xml(String);

impl Xml {
    /// `<name>text</name>`
    pub(super) fn text(&mut self, name: &str, text: impl ToString) -> &mut Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", xml_text(&text.to_string())));
        self
    }

    /// Text that stands in the element around it.
    pub(super) fn bare(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&xml_text(text));
        self
    }

    /// An element with a text, where there is something to tell.
    pub(super) fn some(&mut self, name: &str, text: Option<impl ToString>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// `<name>…</name>` around what `inside` writes.
    pub(super) fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.0.push_str(&format!("<{name}>"));
        inside(self);
        self.0.push_str(&format!("</{name}>"));
        self
    }

    /// `<name><item>…</item>…</name>`
    pub(super) fn set<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) -> &mut Self {
        self.within(name, |xml| {
            for item in items {
                xml.within("item", |xml| write(xml, item));
            }
        })
    }
}

/// `<{action}Response>` with a request id and what `inside` writes.
pub(super) fn answer(action: &str, inside: impl FnOnce(&mut Xml)) -> Response {
    let mut xml = Xml::default();
    xml.text("requestId", random::uuid());
    inside(&mut xml);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{}</{action}Response>",
        xml.0
    );
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")], body).into_response()
}
