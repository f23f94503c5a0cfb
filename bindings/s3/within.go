package s3

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"runbook/engine/action"
)

// largestCopy is how much the store copies by one request; what is larger it copies in parts, of which each is a fifth of that at the most.
const largestCopy = 5 << 30

// copyWithin has the store copy an object.
func (m mover) copyWithin(ctx context.Context, from source, e errand) (etag string, err error) {
	if from.size > m.largest {
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

// alike begins an upload of what has the properties of an object, as a copy by one request has them.
func (m mover) alike(ctx context.Context, from source, e errand) (*s3.CreateMultipartUploadInput, error) {
	is, err := m.l.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &from.at.bucket, Key: &from.at.key, IfMatch: from.match(), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return nil, m.b.explain(ctx, m.l, from.question(), err)
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket: &e.to.bucket, Key: &e.to.key, StorageClass: types.StorageClass(e.as.class),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme, ChecksumType: types.ChecksumTypeFullObject,
	}
	if is.ChecksumCRC64NVME != nil { // versitygw would take it for the checksum of each part
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	if e.as.replace() {
		in.ContentType, in.Metadata = e.as.typed(), e.as.metadata
	} else {
		in.ContentType, in.Metadata, in.CacheControl, in.ContentDisposition = is.ContentType, is.Metadata, is.CacheControl, is.ContentDisposition
		in.ContentEncoding, in.ContentLanguage = is.ContentEncoding, is.ContentLanguage
		if at, err := http.ParseTime(aws.ToString(is.ExpiresString)); err == nil {
			in.Expires = &at
		}
	}
	in.Tagging, err = m.tags(ctx, from)
	return in, err
}

// tags are those of an object as a header says them, nil for none. They are not known to whoever may not read them, and then nothing is copied:
// neither would it be by one request.
func (m mover) tags(ctx context.Context, from source) (*string, error) {
	out, err := m.l.client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &from.at.bucket, Key: &from.at.key})
	if tagless(err) {
		return nil, nil
	}
	if err != nil {
		q := from.question()
		q.purpose, q.needs = "read the tags of "+from.at.String()+", which are copied with it", "s3:GetObjectTagging"
		return nil, m.b.explain(ctx, m.l, q, err)
	}
	tags := url.Values{}
	for _, tag := range out.TagSet {
		tags.Add(aws.ToString(tag.Key), aws.ToString(tag.Value))
	}
	if len(tags) == 0 {
		return nil, nil
	}
	return aws.String(tags.Encode()), nil
}

// tagless tells whether the store says that an object has no tags, or that it knows none.
func tagless(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || response.Response == nil {
		return false
	}
	api, said := errors.AsType[smithy.APIError](err)
	return response.HTTPStatusCode() == http.StatusNotImplemented || response.HTTPStatusCode() == http.StatusMethodNotAllowed ||
		said && api.ErrorCode() == "NoSuchTagSet"
}

// copyParts has the store copy an object that is too large for one request.
func (m mover) copyParts(ctx context.Context, from source, e errand) (etag string, err error) {
	in, err := m.alike(ctx, from, e)
	if err != nil {
		return "", err
	}
	begun, err := m.l.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		q := e.unseen()
		if in.Tagging != nil {
			q.needs += " and s3:PutObjectTagging"
		}
		return "", m.b.explain(ctx, m.l, q, err)
	}
	parts, err := m.copyEach(ctx, from, e, begun.UploadId)
	if err != nil {
		m.abandon(ctx, e, begun.UploadId)
		return "", err
	}
	done, err := m.l.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &e.to.bucket, Key: &e.to.key, UploadId: begun.UploadId, IfMatch: e.only.match, IfNoneMatch: e.only.none,
		ChecksumType: types.ChecksumTypeFullObject, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		m.abandon(ctx, e, begun.UploadId) // if it is complete, there is nothing any more to give up
		return "", m.notCopied(ctx, from, e, err)
	}
	return aws.ToString(done.ETag), nil
}

// copyEach has the store copy the parts of an object one after the other.
func (m mover) copyEach(ctx context.Context, from source, e errand, id *string) (parts []types.CompletedPart, err error) {
	length := m.largest / 5
	for offset := int64(0); offset < from.size; offset += length {
		number := aws.Int32(int32(len(parts) + 1))
		last := min(offset+length, from.size) - 1
		out, err := m.l.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: &e.to.bucket, Key: &e.to.key, UploadId: id, PartNumber: number, CopySource: aws.String(from.at.escaped()),
			CopySourceIfMatch: from.match(), CopySourceRange: aws.String(byteRange(offset, last)),
		})
		if err != nil {
			return nil, m.b.explain(ctx, m.l, e.unseen(), err)
		}
		got := out.CopyPartResult
		parts = append(parts, types.CompletedPart{ETag: got.ETag, PartNumber: number, ChecksumCRC64NVME: got.ChecksumCRC64NVME, ChecksumCRC32: got.ChecksumCRC32})
		m.moved(last - offset + 1)
	}
	return parts, nil
}
