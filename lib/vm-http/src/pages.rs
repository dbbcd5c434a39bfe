//! Lists, which come in pages.

use app::ports::VmError;
use serde::de::DeserializeOwned;

/// One page of a list.
pub trait Page: DeserializeOwned {
    /// What is listed.
    type Item;
    /// What tells of the next page.
    type Next;
    /// Where the list is.
    const PATH: &'static str;
    /// The items, and what tells of the next page.
    fn split(self) -> (Vec<Self::Item>, Self::Next);
}

/// Defines the page of a list: its type, where it is, under which name its items stand there, and under which name
/// stands what tells of the next page. That may be missing.
#[macro_export]
macro_rules! page {
    ($page:ident, $path:literal, $field:ident: $item:ty, $beside:ident: $next:ty) => {
        #[derive(serde::Deserialize)]
        pub(crate) struct $page {
            $field: Vec<$item>,
            #[serde(default)]
            $beside: $next,
        }

        impl $crate::Page for $page {
            type Item = $item;
            type Next = $next;
            const PATH: &'static str = $path;
            fn split(self) -> (Vec<$item>, $next) {
                (self.$field, self.$beside)
            }
        }
    };
}

/// The pages that may still be read to answer one question.
pub struct Pages {
    left: u32,
    max: u32,
}

impl Pages {
    /// So many and no more.
    pub const fn at_most(max: u32) -> Self {
        Self { left: max, max }
    }

    /// A list of `what` to its end. `page` reads the one at a place, and returns what counts of it and the next place.
    ///
    /// # Errors
    /// Those of `page`; `Unclear` for a list that does not end within these pages.
    pub async fn walk<P, T, F>(
        &mut self,
        what: &str,
        first: P,
        page: impl Fn(P) -> F,
    ) -> Result<Vec<T>, VmError>
    where
        F: Future<Output = Result<(Vec<T>, Option<P>), VmError>>,
    {
        let (mut items, mut place) = (Vec::new(), first);
        while self.left > 0 {
            self.left -= 1;
            let (more, next) = page(place).await?;
            items.extend(more);
            match next {
                Some(next) => place = next,
                None => return Ok(items),
            }
        }
        Err(VmError::Unclear { what: format!("more than {} pages of {what}", self.max), source: None })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    type PageOf = Result<(Vec<u32>, Option<u32>), VmError>;

    /// A list of as many pages as its last number says, each with its own number on it.
    fn page(number: u32, last: u32) -> PageOf {
        Ok((vec![number], (number < last).then_some(number + 1)))
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_end() {
        let found = Pages::at_most(3).walk("things", 1, |number| async move { page(number, 3) }).await;
        assert_eq!(found.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_unclear() {
        let asked = Cell::new(0);
        let endless = |number| {
            asked.set(asked.get() + 1);
            async move { page(number, u32::MAX) }
        };
        let error = Pages::at_most(3).walk("things", 1, endless).await.unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), asked.get()),
            ("no clear answer from the provider: more than 3 pages of things", 3)
        );
    }

    #[tokio::test]
    async fn several_lists_share_what_may_be_read() {
        let mut pages = Pages::at_most(3);
        assert!(pages.walk("things", 1, |number| async move { page(number, 2) }).await.is_ok());
        assert!(pages.walk("things", 1, |number| async move { page(number, 1) }).await.is_ok());
        assert!(pages.walk("things", 1, |number| async move { page(number, 1) }).await.is_err());
    }

    #[tokio::test]
    async fn a_page_that_fails_ends_the_walk() {
        let broken =
            |number| async move { if number == 2 { Err(VmError::NotFound) } else { page(number, 3) } };
        let found = Pages::at_most(9).walk("things", 1, broken).await;
        assert!(matches!(found, Err(VmError::NotFound)));
    }
}
