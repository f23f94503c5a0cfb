package pattern

// An op says what an item of a pattern does.
type op uint8

const (
	opSingle   op = iota // one byte of the set
	opOptional           // x?: one byte of the set, or none
	opStar               // x*: bytes of the set, as many as possible
	opPlus               // x+: the same, but at least one
	opMinus              // x-: bytes of the set, as few as possible
	opBalance            // %bxy: from x to the y that balances it
	opFrontier           // %f[set]: the empty string between a byte outside the set and one inside
	opBackref            // %1: the text of a capture again
	opOpen               // (: begins a capture
	opPosition           // (): captures the position
	opClose              // ): ends a capture
	opEnd                // $: the end of the subject
	opNever              // nothing: what a back reference to a position matches in Lua
)

// repeats are the ops of the suffixes of a single-byte item.
var repeats = map[byte]op{'?': opOptional, '*': opStar, '+': opPlus, '-': opMinus}

// An item is one step of a pattern. A pattern is a plain list of them: Lua has neither alternatives nor repeated groups, so every
// match passes through all items once, in order. That keeps the matcher free of recursion and its captures free of undoing.
type item struct {
	op        op
	from, to  byte // opBalance: the two delimiters
	capture   int  // opBackref, opOpen, opPosition, opClose: its index, from 0
	set       set  // opFrontier and the ops on single bytes
	unlimited bool // the set holds every byte
}

// isChoice tells whether the item can match more than one length at the same place.
func (it *item) isChoice() bool {
	return it.op == opOptional || it.op == opStar || it.op == opPlus || it.op == opMinus
}

// isMark tells whether the item only takes note of where it is.
func (it *item) isMark() bool {
	return it.op == opOpen || it.op == opPosition || it.op == opClose
}
