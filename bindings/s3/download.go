package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/files"
)

// What is transferred how.
const (
	partSize    = 8 << 20 // what is larger is transferred in parts of that size
	partsAtOnce = 4       // of one object
	bufferSize  = 256 << 10
	// attempts is how often a part is asked for before it is said to fail. What was cut off goes on where it broke: no server refused it, so
	// there is nobody to wait for.
	attempts = 3
)

// copyBuffers are for what is copied through. Each file that is transferred at once has one.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// A source is an object as it was listed. It is read only as long as it is that one.
type source struct {
	at   location
	size int64
	etag string
}

func (s source) match() *string { return aws.String(`"` + s.etag + `"`) }

func (s source) question() question {
	return question{purpose: "read " + s.at.String(), target: s.at.target(), needs: "s3:GetObject"}
}

// A mover carries objects and files between a store and a machine.
type mover struct {
	b       *binding
	l       *link
	parts   int         // at once, of one object
	largest int64       // what the store copies by one request
	moved   func(int64) // told of bytes as they arrive
}

// receive writes an object to a draft, and compares it with its checksum. Sure is false where the store has none that could be compared.
func (m mover) receive(ctx context.Context, from source, to io.Writer) (sure bool, err error) {
	if from.size > partSize {
		return m.receiveParts(ctx, from, to)
	}
	return m.receiveWhole(ctx, from, to)
}

// receiveWhole reads an object by one request.
func (m mover) receiveWhole(ctx context.Context, from source, to io.Writer) (sure bool, err error) {
	q := from.question()
	out, err := m.l.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &from.at.bucket, Key: &from.at.key, IfMatch: from.match(), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return false, m.b.explain(ctx, m.l, q, err)
	}
	defer out.Body.Close()
	var v *verifier
	sure = validated(out)
	if !sure {
		v, err = m.verifier(ctx, from, sumsGot(out))
		if err != nil {
			return false, err
		}
	}
	n, err := m.through(ctx, to, v, out.Body, q)
	switch {
	case err != nil:
		return false, err
	case n != from.size:
		return false, short(q, n, from.size)
	case v != nil:
		return true, v.check(q)
	}
	return sure, nil
}

func short(q question, got, want int64) error {
	return action.Errorf(action.CodeUnavailable, "cannot %s: %d bytes came of %d", q.purpose, got, want).On(q.target).Again()
}

// through copies what arrives, past a verifier. An error of the store and one of the disk are different ones.
func (m mover) through(ctx context.Context, to io.Writer, v *verifier, from io.Reader, q question) (int64, error) {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	var total int64
	for {
		n, err := from.Read(*buffer)
		if n > 0 {
			if _, failed := to.Write((*buffer)[:n]); failed != nil {
				return total, failed
			}
			if v != nil {
				_, _ = v.Write((*buffer)[:n]) // it never fails
			}
			total += int64(n)
			m.moved(int64(n))
		}
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return total, nil
		}
		if err != nil {
			return total, m.b.explain(ctx, m.l, q, err)
		}
	}
}

// verifier is by what an object is verified. Of one that was uploaded in parts the store is asked how large they are.
func (m mover) verifier(ctx context.Context, from source, known sums) (*verifier, error) {
	if !known.composite && known.algorithm != "" || plainETag.MatchString(known.etag) && known.algorithm == "" {
		return newVerifier(known, 0), nil
	}
	out, err := m.l.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &from.at.bucket, Key: &from.at.key, PartNumber: aws.Int32(1), IfMatch: from.match(),
	})
	if err != nil {
		e := m.b.explain(ctx, m.l, from.question(), err)
		if e.Retryable || e.Code == action.CodeUnauth {
			return nil, e
		}
		return nil, nil // a store that knows no parts of an object
	}
	part, count := aws.ToInt64(out.ContentLength), int64(aws.ToInt32(out.PartsCount))
	if count == 0 || part <= 0 || (from.size+part-1)/part != count {
		return nil, nil // its parts are of several sizes
	}
	return newVerifier(known, part), nil
}

// A piece is a part that is on its way into a buffer.
type piece struct {
	buffer *buffer
	n      int
	err    error
}

// receiveParts reads an object in parts.
func (m mover) receiveParts(ctx context.Context, from source, to io.Writer) (sure bool, err error) {
	v, err := m.known(ctx, from)
	if err != nil {
		return false, err
	}
	if err := m.inOrder(ctx, from, 0, to, v); err != nil {
		return false, err
	}
	if v == nil {
		return false, nil
	}
	return true, v.check(from.question())
}

// known is what a large object is verified by; nil for nothing.
func (m mover) known(ctx context.Context, from source) (*verifier, error) {
	_, known, err := m.b.head(ctx, m.l, from.at, from.question())
	if err != nil {
		return nil, err
	}
	return m.verifier(ctx, from, known)
}

// inOrder reads the parts of an object from an offset on, several at once, and writes them in their order. Each has
// its buffer when it is its turn, so that the first of them never waits for memory that a later one holds.
func (m mover) inOrder(ctx context.Context, from source, offset int64, to io.Writer, v *verifier) error {
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	coming := make(chan chan piece, max(m.parts-1, 0))
	defer func() {
		stop()
		for one := range coming { // what is not written any more
			(<-one).buffer.give()
		}
		working.Wait()
	}()
	working.Go(func() {
		defer close(coming)
		for ; offset < from.size; offset += partSize {
			one := make(chan piece, 1)
			select {
			case coming <- one:
			case <-ctx.Done():
				return
			}
			at := offset
			held, err := m.b.received.take(ctx, min(partSize, from.size-offset))
			if err != nil {
				one <- piece{err: m.b.explain(ctx, m.l, from.question(), err)}
				return
			}
			if m.parts <= 1 {
				one <- m.part(ctx, from, at, held)
				continue
			}
			working.Go(func() { one <- m.part(ctx, from, at, held) })
		}
	})
	for one := range coming {
		if err := m.take(<-one, to, v); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return m.b.explain(ctx, m.l, from.question(), err)
	}
	return nil
}

// take writes a part, and gives its buffer back.
func (m mover) take(p piece, to io.Writer, v *verifier) error {
	defer p.buffer.give()
	if p.err != nil {
		return p.err
	}
	if v != nil {
		_, _ = v.Write(p.buffer.bytes[:p.n]) // it never fails
	}
	_, err := to.Write(p.buffer.bytes[:p.n])
	return err
}

// part reads a part. What was cut off goes on where it broke.
func (m mover) part(ctx context.Context, from source, offset int64, into *buffer) piece {
	p := piece{buffer: into}
	for attempt := 1; ; attempt++ {
		n, err := m.rest(ctx, from, offset+int64(p.n), into.bytes[p.n:])
		p.n += n
		m.moved(int64(n))
		switch {
		case err == nil:
			return p
		case !isCut(err) || ctx.Err() != nil || attempt == attempts:
			p.err = m.b.explain(ctx, m.l, from.question(), err)
			return p
		}
	}
}

// rest reads what is left of a part into what is left of its buffer.
func (m mover) rest(ctx context.Context, from source, offset int64, into []byte) (int, error) {
	out, err := m.l.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &from.at.bucket, Key: &from.at.key, IfMatch: from.match(),
		Range: aws.String(byteRange(offset, offset+int64(len(into))-1)),
	})
	if err != nil {
		return 0, err
	}
	defer out.Body.Close()
	if want := fmt.Sprintf("bytes %d-", offset); !strings.HasPrefix(aws.ToString(out.ContentRange), want) {
		q := from.question()
		return 0, action.Errorf(action.CodeRejected, "cannot %s: the store, or what is in between, gives another part of it than was asked for: %q instead of %q", q.purpose, aws.ToString(out.ContentRange), want)
	}
	return io.ReadFull(out.Body, into)
}

// byteRange is a range of bytes, both ends included, as a header says it.
func byteRange(first, last int64) string { return fmt.Sprintf("bytes=%d-%d", first, last) }

// A landing is where an object is put as a file.
type landing struct {
	at         end    // the file
	root, path string // the folder that is not left, and the way to the file from there
	modified   time.Time
	over       *files.Entry // what is there, and is replaced; nil for nothing
}

// download puts an object in a file's place, whole, if that is still what it was when this was decided.
func (m mover) download(ctx context.Context, from source, to landing) (sure bool, err error) {
	if machine, can := to.at.machine.(files.Continuer); can && from.size > partSize {
		v, err := m.known(ctx, from)
		if err != nil {
			return false, err
		}
		return v != nil, m.goOn(ctx, from, to, machine, v)
	}
	draft, err := to.at.machine.Create(ctx, to.root, to.path)
	if err != nil {
		return false, err
	}
	sure, err = m.receive(ctx, from, draft)
	if err == nil {
		err = draft.Keep(ctx, files.Attributes{Modified: to.modified, If: to.still})
	}
	return sure, dropped(ctx, draft, err)
}

// still is an error if what is replaced is not what it was.
func (l landing) still(ctx context.Context) error {
	now, err := l.at.machine.Look(ctx, l.at.path)
	switch {
	case err != nil && action.CodeOf(err) != action.CodeNotFound:
		return err
	case err != nil && l.over == nil:
		return nil
	case err != nil:
		return files.Changed("replace", l.path, "it is not there any more")
	case l.over == nil:
		return files.Changed("write", l.path, "there is a "+string(now.Kind)+" of that name by now")
	}
	if differs := l.over.Differs(now); differs != "" {
		return files.Changed("replace", l.path, differs)
	}
	return nil
}
