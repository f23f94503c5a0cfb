package pattern

import "math/bits"

// A set is a set of bytes: what one item of a pattern may match.
type set [4]uint64

// everything is the set of the item "." alone.
var everything = set{}.not()

// classes are the character classes by their letters, as the functions of C's <ctype.h> have them in the C locale. An upper-case
// letter stands for the complement.
var classes = map[byte]set{
	'a': span('A', 'Z').or(span('a', 'z')),
	'c': span(0, 31).or(span(127, 127)),
	'd': span('0', '9'),
	'l': span('a', 'z'),
	'p': span('!', '/').or(span(':', '@')).or(span('[', '`')).or(span('{', '~')),
	's': span('\t', '\r').or(span(' ', ' ')),
	'u': span('A', 'Z'),
	'w': span('0', '9').or(span('A', 'Z')).or(span('a', 'z')),
	'x': span('0', '9').or(span('A', 'F')).or(span('a', 'f')),
	'z': span(0, 0),
}

// class is the set that a byte stands for after %: a class, or itself.
func class(letter byte) set {
	if s, ok := classes[letter]; ok {
		return s
	}
	if 'A' <= letter && letter <= 'Z' {
		if s, ok := classes[letter-'A'+'a']; ok {
			return s.not()
		}
	}
	return span(letter, letter)
}

// span is the set of the bytes from lo to hi, both included; it is empty if lo comes after hi.
func span(lo, hi byte) set {
	var s set
	for c := int(lo); c <= int(hi); c++ {
		s[c/64] |= 1 << (c % 64)
	}
	return s
}

func (s *set) has(c byte) bool { return s[c/64]>>(c%64)&1 != 0 }

func (s set) or(t set) set { return set{s[0] | t[0], s[1] | t[1], s[2] | t[2], s[3] | t[3]} }

func (s set) not() set { return set{^s[0], ^s[1], ^s[2], ^s[3]} }

// only returns the one byte in the set, if there is just one.
func (s set) only() (byte, bool) {
	found, count := 0, 0
	for i, word := range s {
		if word != 0 {
			found = i*64 + bits.TrailingZeros64(word)
			count += bits.OnesCount64(word)
		}
	}
	return byte(found), count == 1
}
