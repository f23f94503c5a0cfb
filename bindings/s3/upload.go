package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/files"
)

// mostParts is how many parts an object can have.
const mostParts = 10_000

// A stored is a file that is to be stored: where it is, and what it was when that was decided.
type stored struct {
	machine files.System
	path    string
	size    int64
	entry   files.Entry // with the time at which its content was last changed
}

// An errand is where a file is to be stored, and how.
type errand struct {
	to   location
	only condition
	as   properties
}

func (e errand) question() question {
	return question{purpose: "put " + e.to.String(), target: e.to.target(), needs: "s3:PutObject", changes: true}
}

// unseen is the question of what nobody sees before it is complete: of an upload in parts that nobody completes, nothing is.
func (e errand) unseen() question {
	q := e.question()
	q.changes = false
	return q
}

// upload stores a file, and returns its ETag. The store compares what arrives with its checksum.
func (m mover) upload(ctx context.Context, from stored, e errand) (etag string, err error) {
	if from.size > partSize {
		return m.uploadParts(ctx, from, e)
	}
	held, err := m.b.sent.take(ctx, from.size)
	if err != nil {
		return "", m.b.explain(ctx, m.l, e.unseen(), err)
	}
	defer held.give()
	if err := m.read(ctx, from, 0, held.bytes, true); err != nil {
		return "", err
	}
	if err := from.still(ctx); err != nil {
		return "", err
	}
	out, err := m.l.client.PutObject(ctx, e.as.onPut(&s3.PutObjectInput{
		Bucket: &e.to.bucket, Key: &e.to.key, Body: bytes.NewReader(held.bytes), IfMatch: e.only.match, IfNoneMatch: e.only.none,
	}))
	if err != nil {
		return "", m.b.notReplaced(ctx, m.l, e.question(), err)
	}
	m.moved(from.size)
	return aws.ToString(out.ETag), nil
}

// read reads a piece of a file. At its end there must be no more, or the file is not what it was.
func (m mover) read(ctx context.Context, from stored, offset int64, into []byte, last bool) error {
	in, err := from.machine.Open(ctx, from.path, offset)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := io.ReadFull(in, into); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return changedMeanwhile(from)
		}
		return files.Failed("read", from.path, err)
	}
	if !last {
		return nil
	}
	if n, _ := in.Read(make([]byte, 1)); n > 0 {
		return changedMeanwhile(from)
	}
	return nil
}

func changedMeanwhile(from stored) error {
	return action.Errorf(action.CodeConflict, "cannot store %s: it changed while it was read", files.Spell(from.path)).
		Try("wait until nobody writes to it")
}

// hash gives a piece of a file to a checksum.
func (m mover) hash(ctx context.Context, from stored, offset, length int64, to io.Writer) error {
	in, err := from.machine.Open(ctx, from.path, offset)
	if err != nil {
		return err
	}
	defer in.Close()
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	switch n, err := io.CopyBuffer(to, io.LimitReader(in, length), *buffer); {
	case err != nil:
		return files.Failed("read", from.path, err)
	case n != length:
		return changedMeanwhile(from)
	}
	return nil
}

// uploadParts stores a file in parts, several at once. It appears in the store when all of them are there.
func (m mover) uploadParts(ctx context.Context, from stored, e errand) (etag string, err error) {
	u, err := m.begin(ctx, from, e)
	if err != nil {
		return "", err
	}
	err = m.sendParts(ctx, from, e, u)
	if err == nil {
		err = from.still(ctx)
	}
	if err == nil {
		done, failed := m.l.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &e.to.bucket, Key: &e.to.key, UploadId: u.id, IfMatch: e.only.match, IfNoneMatch: e.only.none,
			ChecksumType: types.ChecksumTypeFullObject, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
		})
		if failed == nil {
			return aws.ToString(done.ETag), nil
		}
		err = given(m.b.notReplaced(ctx, m.l, e.question(), failed))
	}
	switch {
	case u.known && u.any() && transient(ctx, err):
		return "", kept(err, "what the store has of "+path.Base(e.to.key))
	case u.known && action.CodeOf(err) == action.CodeUncertain: // unless it is complete, the next attempt goes on with it
		return "", err
	}
	m.abandon(ctx, e, u.id)
	return "", err
}

// still is an error if the file is not what it was when it was decided to store it.
func (s stored) still(ctx context.Context) error {
	now, err := s.machine.Look(ctx, s.path)
	if err != nil {
		return err
	}
	if now.Kind == files.Link { // its content was read through it, to its end
		return nil
	}
	if now.Size != s.size || !now.Modified.Equal(s.entry.Modified) {
		return changedMeanwhile(s)
	}
	return nil
}

// abandon frees what the store holds of an upload. When that fails it is for the bucket's own rules to do.
func (m mover) abandon(ctx context.Context, e errand, id *string) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), dialing)
	defer stop()
	_, _ = m.l.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &e.to.bucket, Key: &e.to.key, UploadId: id})
}

// sendParts sends all parts that are not there yet.
func (m mover) sendParts(ctx context.Context, from stored, e errand, u *uploading) error {
	length := partLength(from.size)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	numbers := make(chan int)
	var working sync.WaitGroup
	for range max(m.parts, 1) {
		working.Go(func() {
			for n := range numbers {
				part, err := m.sendPart(ctx, from, e, u.id, n, length)
				if err != nil {
					stop(err)
					continue
				}
				u.parts[n] = part
			}
		})
	}
	for n := range u.parts {
		if u.parts[n].PartNumber != nil {
			m.moved(min(length, from.size-int64(n)*length))
			continue
		}
		select {
		case numbers <- n:
		case <-ctx.Done():
		}
	}
	close(numbers)
	working.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// partLength is how large the parts of an object are of which there cannot be too many.
func partLength(size int64) int64 {
	const step = 1 << 20
	return max(partSize, (size/mostParts/step+1)*step)
}

func partCount(size int64) int64 {
	length := partLength(size)
	return (size + length - 1) / length
}

// sendPart sends one part; one whose connection broke once more.
func (m mover) sendPart(ctx context.Context, from stored, e errand, id *string, n int, length int64) (types.CompletedPart, error) {
	offset := int64(n) * length
	held, err := m.b.sent.take(ctx, min(length, from.size-offset))
	if err != nil {
		return types.CompletedPart{}, m.b.explain(ctx, m.l, e.unseen(), err)
	}
	defer held.give()
	content := held.bytes
	if err := m.read(ctx, from, offset, content, offset+int64(len(content)) == from.size); err != nil {
		return types.CompletedPart{}, err
	}
	for attempt := 1; ; attempt++ {
		out, err := m.l.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &e.to.bucket, Key: &e.to.key, UploadId: id, PartNumber: aws.Int32(int32(n + 1)), Body: bytes.NewReader(content),
			ChecksumAlgorithm: e.as.algorithm(),
		})
		if err == nil {
			m.moved(int64(len(content)))
			return types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(n + 1)), ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME}, nil
		}
		if ctx.Err() != nil || !isCut(err) || attempt == attempts {
			return types.CompletedPart{}, given(m.b.explain(ctx, m.l, e.unseen(), err))
		}
	}
}
