package s3

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
)

// largestCopy is how much the store copies by one request.
const largestCopy = 5 << 30

// copyWithin has the store copy an object.
func (m mover) copyWithin(ctx context.Context, from source, e errand) (etag string, err error) {
	if from.size > largestCopy {
		return m.copyParts(ctx, from, e)
	}
	in := &s3.CopyObjectInput{
		Bucket: &e.to.bucket, Key: &e.to.key, CopySource: aws.String(from.at.escaped()), CopySourceIfMatch: from.match(),
		IfMatch: e.only.match, IfNoneMatch: e.only.none, StorageClass: types.StorageClass(e.as.class),
	}
	if e.as.replace() {
		in.MetadataDirective, in.ContentType, in.Metadata = types.MetadataDirectiveReplace, e.as.typed(), e.as.metadata
	}
	out, err := m.l.client.CopyObject(ctx, in)
	if err != nil {
		return "", m.notCopied(ctx, from, e, err)
	}
	m.moved(from.size)
	if out.CopyObjectResult == nil {
		return "", nil
	}
	return aws.ToString(out.CopyObjectResult.ETag), nil
}

// equal tells whether an object is the same as another one, by what the store knows of both.
func (m mover) equal(ctx context.Context, from source, to location) bool {
	is, known, err := m.b.head(ctx, m.l, to, question{purpose: "look at " + to.String(), target: to.target(), needs: "s3:GetObject"})
	if err != nil || is == nil || sizeOf(is) != from.size {
		return false
	}
	if textOf(is, fieldETag) == from.etag {
		return true
	}
	was, sums, err := m.b.head(ctx, m.l, from.at, from.question())
	return err == nil && was != nil && textOf(was, fieldETag) == from.etag && sums.algorithm != "" && !sums.composite &&
		sums.algorithm == known.algorithm && sums.value == known.value
}

// notCopied is why an object was not copied. Which of the two changed the store does not say.
func (m mover) notCopied(ctx context.Context, from source, e errand, err error) error {
	q := e.question()
	q.purpose = "copy " + from.at.String() + " to " + e.to.String()
	failed := m.b.notReplaced(ctx, m.l, q, err)
	if failed.Code == action.CodeConflict {
		failed.Message = "cannot " + q.purpose + ": one of them is not what it was when it was looked at"
		return failed.Try("look at both again: s3.head(%q), s3.head(%q)", from.at.String(), e.to.String())
	}
	return failed
}

// replace tells whether a copy has other properties than what it is a copy of.
func (p properties) replace() bool { return p.contentType != "" || len(p.metadata) > 0 }

// typed is what kind of content a copy with properties of its own has.
func (p properties) typed() *string { return aws.String(cmp.Or(p.contentType, "binary/octet-stream")) }

// alike begins an upload of what has the properties of an object, as a copy by one request has them; but for its tags, of which the store asks
// for other rights.
func (m mover) alike(ctx context.Context, from source, e errand) (*s3.CreateMultipartUploadInput, error) {
	in := &s3.CreateMultipartUploadInput{Bucket: &e.to.bucket, Key: &e.to.key, StorageClass: types.StorageClass(e.as.class)}
	if e.as.replace() {
		in.ContentType, in.Metadata = e.as.typed(), e.as.metadata
		return in, nil
	}
	is, err := m.l.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &from.at.bucket, Key: &from.at.key, IfMatch: from.match()})
	if err != nil {
		return nil, m.b.explain(ctx, m.l, from.question(), err)
	}
	in.ContentType, in.Metadata, in.CacheControl, in.ContentDisposition = is.ContentType, is.Metadata, is.CacheControl, is.ContentDisposition
	in.ContentEncoding, in.ContentLanguage = is.ContentEncoding, is.ContentLanguage
	return in, nil
}

// copyParts has the store copy an object that is too large for one request.
func (m mover) copyParts(ctx context.Context, from source, e errand) (etag string, err error) {
	in, err := m.alike(ctx, from, e)
	if err != nil {
		return "", err
	}
	begun, err := m.l.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", m.b.explain(ctx, m.l, e.unseen(), err)
	}
	var parts []types.CompletedPart
	for offset := int64(0); offset < from.size; offset += largestCopy / 5 {
		number := aws.Int32(int32(len(parts) + 1))
		last := min(offset+largestCopy/5, from.size) - 1
		out, err := m.l.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: &e.to.bucket, Key: &e.to.key, UploadId: begun.UploadId, PartNumber: number, CopySource: aws.String(from.at.escaped()),
			CopySourceIfMatch: from.match(), CopySourceRange: aws.String(byteRange(offset, last)),
		})
		if err != nil {
			m.abandon(ctx, e, begun.UploadId)
			return "", m.b.explain(ctx, m.l, e.unseen(), err)
		}
		parts = append(parts, types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: number})
		m.moved(last - offset + 1)
	}
	done, err := m.l.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &e.to.bucket, Key: &e.to.key, UploadId: begun.UploadId, IfMatch: e.only.match, IfNoneMatch: e.only.none,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		m.abandon(ctx, e, begun.UploadId) // if it is complete, there is nothing any more to give up
		return "", m.notCopied(ctx, from, e, err)
	}
	return aws.ToString(done.ETag), nil
}
