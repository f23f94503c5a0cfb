package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
)

// content is what is in an object.
type content interface {
	io.ReaderAt
	Size() int64
}

// text is content that is held.
type text string

func (t text) Size() int64 { return int64(len(t)) }

func (t text) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(t)) {
		return 0, io.EOF
	}
	n := copy(p, t[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// filler is content of which a scenario says no more than the size: bytes that follow from the object's name, and take no memory.
type filler struct {
	seed [32]byte
	size int64
}

func newFiller(name string, size int64) filler { return filler{sha256.Sum256([]byte(name)), size} }

func (f filler) Size() int64 { return f.size }

// block is how many bytes of a filler are made at once.
const block = 64 << 10

func (f filler) ReadAt(p []byte, off int64) (n int, err error) {
	var made [block]byte
	for n < len(p) && off < f.size {
		seed := f.seed
		for i, number := 0, off/block; i < 8; i, number = i+1, number>>8 {
			seed[i] ^= byte(number)
		}
		_, _ = rand.NewChaCha8(seed).Read(made[:]) // it never fails
		end := min(block, f.size-off/block*block)
		copied := copy(p[n:], made[off%block:end])
		n, off = n+copied, off+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// etag is one of an upload in parts: nobody takes that for a hash of the content, which would have to be made to be hashed.
func (f filler) etag() string { return hex.EncodeToString(f.seed[:16]) + "-1" }

// joined is content that was uploaded in parts.
type joined struct {
	parts []content
	size  int64
}

func join(parts []content) joined {
	j := joined{parts: parts}
	for _, p := range parts {
		j.size += p.Size()
	}
	return j
}

func (j joined) Size() int64 { return j.size }

func (j joined) ReadAt(p []byte, off int64) (n int, err error) {
	for _, part := range j.parts {
		if off >= part.Size() {
			off -= part.Size()
			continue
		}
		got, err := part.ReadAt(p[n:], off)
		n, off = n+got, 0
		if n == len(p) {
			return n, nil
		}
		if err != nil && err != io.EOF { //nolint:errorlint // ReadAt returns it bare
			return n, err
		}
	}
	return n, io.EOF
}

// section is a part of other content.
type section struct {
	of         content
	from, size int64
}

func (s section) Size() int64 { return s.size }

func (s section) ReadAt(p []byte, off int64) (int, error) {
	return io.NewSectionReader(s.of, s.from, s.size).ReadAt(p, off)
}

func readerOf(c content) io.Reader { return io.NewSectionReader(c, 0, c.Size()) }
