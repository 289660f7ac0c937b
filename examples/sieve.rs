//! The sieve of Eratosthenes.

const LIMIT: usize = 200_000;

/// Marks the composite numbers and returns how many primes are left.
fn sieve(composite: &mut [bool]) -> u32 {
    let mut count = 0;
    for n in 2..composite.len() {
        if composite[n] {
            continue;
        }
        count += 1;
        let mut multiple = n * n;
        while multiple < composite.len() {
            composite[multiple] = true;
            multiple += n;
        }
    }
    count
}

fn primes_below(limit: usize) -> u32 {
    let mut composite = [false; LIMIT];
    sieve(&mut composite[..limit])
}

fn main() {
    let mut composite = [false; LIMIT];
    let count = sieve(&mut composite);
    print!("The last primes below {LIMIT}:");
    let mut shown = 0;
    for n in (0..LIMIT).rev() {
        if !composite[n] {
            print!(" {n}");
            shown += 1;
            if shown == 5 {
                break;
            }
        }
    }
    println!();
    println!("{count} primes; {} below 1000", primes_below(1000));
}
