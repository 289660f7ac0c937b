//! `fill`: its value is made once, whatever its size.
fn made<const N: usize>(count: &mut i32) -> [i32; N] {
    *count += 1;
    println!("made {count}");
    [*count; N]
}

fn main() {
    let mut count = 0;
    let mut large = [[0; 9]; 3];
    large.fill(made::<9>(&mut count));
    let mut none: [[i32; 9]; 0] = [];
    none.fill(made::<9>(&mut count));
    println!("{large:?} {none:?} {count}");
    let slice = &mut large[..];
    slice[1][2] = 7;
    slice.fill(slice[1]);
    println!("{slice:?}");
    let mut pairs = [(0u8, 0.0f32); 4];
    pairs[1..].fill((7, 0.5));
    println!("{pairs:?}");
    let mut units = [(); 3];
    units.fill(());
    println!("{units:?}");
}
