//! Lanes that move: each index of each width, by bytes or lanes in a list.

use super::lanes::{LETTERS, arrangement, check, lane, vector};
use super::machine::{Machine, cut, signed};

const A: u128 = 0x80f1_7283_9465_06e7_1829_3a4b_dc6d_7e8f;
const B: u128 = 0xfedc_ba98_7654_3210_0f1e_2d3c_cb5a_6978;

fn lanes(v: u128, size: u32, count: u32) -> Vec<u64> {
    (0..count).map(|i| lane(v, size, i)).collect()
}

#[test]
fn of_two_vectors() {
    let m = &mut Machine::new();
    for (size, _) in LETTERS {
        for q in [false, true] {
            if size == 64 && !q {
                continue;
            }
            let (t, count) = (arrangement(size, q), if q { 128 } else { 64 } / size);
            let (a, b) = (lanes(A, size, count), lanes(B, size, count));
            let joined = [a.clone(), b.clone()].concat();
            let (half, n) = (count as usize / 2, count as usize);
            let table: [(&str, Vec<u64>); 6] = [
                ("zip1", (0..half).flat_map(|i| [a[i], b[i]]).collect()),
                ("zip2", (half..n).flat_map(|i| [a[i], b[i]]).collect()),
                ("uzp1", joined.iter().copied().step_by(2).collect()),
                ("uzp2", joined.iter().copied().skip(1).step_by(2).collect()),
                ("trn1", (0..half).flat_map(|i| [a[2 * i], b[2 * i]]).collect()),
                ("trn2", (0..half).flat_map(|i| [a[2 * i + 1], b[2 * i + 1]]).collect()),
            ];
            for (name, want) in table {
                check(m, &format!("{name} v0.{t}, v1.{t}, v2.{t}"), &[(A, B)], |_, _, _| {
                    (vector(size, want.iter().copied()), false)
                });
            }
        }
    }
    for (t, count) in [("8b", 8), ("16b", 16)] {
        let joined = [lanes(A, 8, count), lanes(B, 8, count)].concat();
        for from in 0..count as usize {
            check(m, &format!("ext v0.{t}, v1.{t}, v2.{t}, #{from}"), &[(A, B)], |_, _, _| {
                (vector(8, joined[from..from + count as usize].iter().copied()), false)
            });
        }
    }
}

#[test]
fn of_single_lanes() {
    let m = &mut Machine::new();
    for (size, letter) in LETTERS {
        for i in 0..128 / size {
            let v = lane(A, size, i);
            for q in [false, true] {
                if size != 64 || q {
                    let t = arrangement(size, q);
                    let all = vector(size, (0..if q { 128 } else { 64 } / size).map(|_| v));
                    check(m, &format!("dup v0.{t}, v1.{letter}[{i}]"), &[(A, 0)], |_, _, _| {
                        (all, false)
                    });
                    m.regs.x[1] = 0xa1b2_c3d4_e5f6_0718;
                    let general = cut(i128::from(m.regs.x[1]), size);
                    let r = if size == 64 { 'x' } else { 'w' };
                    check(m, &format!("dup v0.{t}, {r}1"), &[(A, 0)], |_, _, _| {
                        (vector(size, (0..if q { 128 } else { 64 } / size).map(|_| general)), false)
                    });
                }
            }
            check(m, &format!("mov {letter}0, v1.{letter}[{i}]"), &[(A, 0)], |_, _, _| {
                (u128::from(v), false)
            });
            let put = |d: u128, at: u32, v: u64| {
                let mut all = lanes(d, size, 128 / size);
                all[at as usize] = v;
                (vector(size, all), false)
            };
            for j in 0..128 / size {
                check(
                    m,
                    &format!("mov v0.{letter}[{i}], v1.{letter}[{j}]"),
                    &[(A, 0)],
                    |d, a, _| put(d, i, lane(a, size, j)),
                );
            }
            let r = if size == 64 { 'x' } else { 'w' };
            m.regs.x[1] = 0xa1b2_c3d4_e5f6_0718;
            let general = cut(i128::from(m.regs.x[1]), size);
            check(m, &format!("mov v0.{letter}[{i}], {r}1"), &[(A, 0)], |d, _, _| {
                put(d, i, general)
            });
            m.regs.v[1] = A;
            let name = if size < 32 { "umov" } else { "mov" };
            m.load(&format!("{name} {r}0, v1.{letter}[{i}]"));
            assert_eq!(m.run().x[0], v, "`{}`", m.text());
            for (r, width) in [('w', 32), ('x', 64)] {
                if size < width {
                    m.load(&format!("smov {r}0, v1.{letter}[{i}]"));
                    assert_eq!(m.run().x[0], cut(signed(v, size), width), "`{}`", m.text());
                }
            }
        }
    }
}

#[test]
fn tables() {
    let m = &mut Machine::new();
    for count in 1..=4usize {
        for first in [1usize, 30] {
            let table: Vec<u8> = (0..count)
                .flat_map(|i| {
                    let v = A.rotate_left(i as u32 * 24) ^ B;
                    m.regs.v[(first + i) % 32] = v;
                    v.to_le_bytes()
                })
                .collect();
            let names: Vec<_> = (0..count).map(|i| format!("v{}.16b", (first + i) % 32)).collect();
            for (t, width) in [("8b", 8), ("16b", 16)] {
                for keeps in [false, true] {
                    let text = format!(
                        "{} v6.{t}, {{ {} }}, v7.{t}",
                        if keeps { "tbx" } else { "tbl" },
                        names.join(", ")
                    );
                    m.load(&text);
                    for base in (0..256u32).step_by(8) {
                        let indices: Vec<u8> = (0..16).map(|i| (base + i * 3) as u8).collect();
                        let (old6, old7) = (m.regs.v[6], m.regs.v[7]);
                        if names.iter().any(|n| n.starts_with("v6") || n.starts_with("v7")) {
                            // Inside the table itself.
                            continue;
                        }
                        m.regs.v[7] = u128::from_le_bytes(indices.clone().try_into().unwrap());
                        m.regs.v[6] = B;
                        let want = vector(
                            8,
                            (0..width).map(|i| {
                                let otherwise = if keeps { lane(B, 8, i) } else { 0 };
                                table
                                    .get(usize::from(indices[i as usize]))
                                    .map_or(otherwise, |&b| u64::from(b))
                            }),
                        );
                        assert_eq!(m.run().v[6], want, "`{text}` {indices:?}");
                        (m.regs.v[6], m.regs.v[7]) = (old6, old7);
                    }
                }
            }
        }
    }
}
