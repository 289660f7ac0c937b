//! What became of the faults: a table by crate, the tests that fell, the survivors by name.

use std::collections::BTreeMap;
use std::time::Duration;

use super::data::Fault;
use super::{Done, Outcome, Result};

/// Of a hundred faults that change something, those that may survive.
const SURVIVORS: usize = 2;
/// Of a hundred faults, those that may be equivalent.
const EQUIVALENTS: usize = 5;

#[derive(Default)]
struct Row {
    planted: usize,
    caught: usize,
    equivalent: usize,
    survived: usize,
    errors: usize,
    seconds: f64,
}

/// Prints everything; an error if too many survived, or the data is wrong.
pub(crate) fn print(all: &[Fault], done: &[Done], sample: bool, wall: Duration) -> Result {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut tests: BTreeMap<&str, usize> = BTreeMap::new();
    let rooms: Vec<&str> = done.iter().map(|done| done.fault.room()).collect();
    for fault in all.iter().filter(|f| f.equivalent.is_some() && rooms.contains(&f.room())) {
        rows.entry(fault.room()).or_default().equivalent += 1;
    }
    for Done { fault, outcome, time } in done {
        let row = rows.entry(fault.room()).or_default();
        row.planted += 1;
        row.seconds += time.as_secs_f64();
        match outcome {
            Outcome::Caught(test) => {
                row.caught += 1;
                // By target: which of its tests fell is in the lines above.
                let target = test.rsplit_once(' ').map_or(test.as_str(), |(target, _)| target);
                *tests.entry(target).or_default() += 1;
            }
            Outcome::Survived => row.survived += 1,
            Outcome::Error(_) => row.errors += 1,
        }
    }
    println!("crate       planted   caught survived   errors  seconds   (equivalent, not planted)");
    let mut sum = Row::default();
    for (room, row) in rows {
        line(room, &row);
        sum.planted += row.planted;
        sum.caught += row.caught;
        sum.equivalent += row.equivalent;
        sum.survived += row.survived;
        sum.errors += row.errors;
        sum.seconds += row.seconds;
    }
    line("all", &sum);
    let mut tests: Vec<_> = tests.into_iter().collect();
    tests.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("\ncaught first by");
    for (test, count) in tests {
        println!("{count:>9}  {test}");
    }
    for (title, wanted) in [("survivors", true), ("errors", false)] {
        let named: Vec<String> = done.iter().filter_map(|done| named(done, wanted)).collect();
        if !named.is_empty() {
            println!("\n{title}\n  {}", named.join("\n  "));
        }
    }
    let share = 100.0 * sum.caught as f64 / sum.planted.max(1) as f64;
    println!(
        "\n{} planted: {} caught ({share:.1} %), {} survived, {} errors; {:.0} seconds",
        sum.planted,
        sum.caught,
        sum.survived,
        sum.errors,
        wall.as_secs_f64()
    );
    if sum.errors > 0 {
        return Err(format!("{} faults could not be tried", sum.errors));
    }
    // Of a small sample one may be among the few that survive.
    let allowed = if sample { 1 } else { sum.planted * SURVIVORS / 100 };
    if sum.survived > allowed {
        return Err(format!("{} faults survive; at most {allowed} may", sum.survived));
    }
    equivalents(all)
}

/// An error if too many faults are said to be equivalent.
pub(crate) fn equivalents(all: &[Fault]) -> Result {
    let count = all.iter().filter(|fault| fault.equivalent.is_some()).count();
    if count * 100 > all.len() * EQUIVALENTS {
        return Err(format!(
            "{count} of {} faults are called equivalent, more than {EQUIVALENTS} %",
            all.len()
        ));
    }
    Ok(())
}

fn line(room: &str, row: &Row) {
    println!(
        "{room:<12}{:>7}{:>9}{:>9}{:>9}{:>9.0}   {}",
        row.planted, row.caught, row.survived, row.errors, row.seconds, row.equivalent
    );
}

fn named(done: &Done, survivor: bool) -> Option<String> {
    let Done { fault, outcome, .. } = done;
    match outcome {
        Outcome::Survived if survivor => {
            Some(format!("{}: {}: {}", fault.place, fault.file, fault.wrong))
        }
        Outcome::Error(error) if !survivor => {
            Some(format!("{}: {}: {}: {error}", fault.place, fault.file, fault.wrong))
        }
        _ => None,
    }
}
