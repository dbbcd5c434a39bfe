//! Figures as people compare them: aligned columns, medians, and whether an aim is met.

/// A table with its heading; the first column is text, the others are figures.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column names.
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|name| (*name).to_owned()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Prints it under its title.
    pub(crate) fn print(&self, title: &str) {
        println!("\n{title}");
        for row in &self.rows {
            let cells = row.iter().enumerate().map(|(at, cell)| {
                let width =
                    self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
                let width = width.unwrap_or(0);
                if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
}

/// `met` or `MISSED`.
pub(crate) fn verdict(met: bool) -> String {
    if met { "met" } else { "MISSED" }.to_owned()
}

/// The smallest and the middle one; `None` of nothing.
pub(crate) fn min_and_median(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some((*sorted.first()?, *sorted.get(sorted.len() / 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_values() {
        assert_eq!(min_and_median(&[3.0, 1.0, 2.0]), Some((1.0, 2.0)));
        assert_eq!(min_and_median(&[]), None);
    }
}
