//! Places of slices and strings, whose size is not known: compared, matched and discarded where they are.
fn same(s: &[i32], t: &[i32]) -> bool {
    s[..] == t[..] && *s == *t && s[1..] != t[..1]
}

fn main() {
    let a = [1, 2, 3];
    println!("{} {}", same(&a, &[1, 2, 3]), same(&a, &[1, 2, 4]));
    assert_eq!(a[1..], [2, 3]);
    assert_ne!(a[..1], [2]);
    match a[..] {
        _ => println!("any"),
    }
    _ = a[..2];
    println!("{}", matches!(a[..], _));
    println!("{}", a[1..].len() + (*"abc").len());
}
