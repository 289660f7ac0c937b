//! Quicksort on slices.

const N: usize = 20_000;

/// Moves what is less than the pivot before it and returns where the pivot ends up.
fn partition(data: &mut [i32]) -> usize {
    let last = data.len() - 1;
    data.swap(last / 2, last);
    let pivot = data[last];
    let mut store = 0;
    for i in 0..last {
        if data[i] < pivot {
            data.swap(i, store);
            store += 1;
        }
    }
    data.swap(store, last);
    store
}

fn quicksort(data: &mut [i32]) {
    if data.len() <= 16 {
        return insertion_sort(data);
    }
    let middle = partition(data);
    let (low, high) = data.split_at_mut(middle);
    quicksort(low);
    quicksort(&mut high[1..]);
}

fn insertion_sort(data: &mut [i32]) {
    for i in 1..data.len() {
        let value = data[i];
        let mut j = i;
        while j > 0 && data[j - 1] > value {
            data[j] = data[j - 1];
            j -= 1;
        }
        data[j] = value;
    }
}

fn is_sorted(data: &[i32]) -> bool {
    for i in 1..data.len() {
        if data[i - 1] > data[i] {
            return false;
        }
    }
    true
}

fn main() {
    let mut data = [0; N];
    let mut state = 12345u32;
    for value in data.iter_mut() {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        *value = (state >> 8) as i32 % 100_000;
    }
    println!("before: {:?}", &data[..8]);
    quicksort(&mut data);
    println!("after:  {:?}", &data[..8]);
    println!("median {}, largest {}", data[N / 2], data[N - 1]);
    assert!(is_sorted(&data));
}
