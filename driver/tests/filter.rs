//! The example `filter`, over a few rows.

#[allow(dead_code)] // its `main`
#[path = "../examples/filter.rs"]
mod filter;

#[test]
fn both_ways_find_the_same_rows() {
    for rows in [0, 1, 5_000] {
        let report = filter::run(rows).unwrap();
        assert!(report.contains(&format!(" of {rows} rows found")), "{report}");
    }
}
