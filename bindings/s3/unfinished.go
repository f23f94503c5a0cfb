package s3

import (
	"context"
	"encoding/base64"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
)

// What is left of an upload in parts by a run that died, or that failed for the moment, is gone on with: by the parts that the store has, each
// of which is compared with the file again. Nothing is remembered on this machine. An upload by somebody else of the same content is the same
// upload: whoever completes it first has stored what both wanted.

// An uploading is an upload in parts on its way.
type uploading struct {
	id    *string
	parts []types.CompletedPart // those that are there have a number
	// known is that unfinished uploads can be found again: one that fails for the moment is then left for the next attempt.
	known bool
}

// any tells whether the store has a part: one that has none is not found again.
func (u *uploading) any() bool {
	return slices.ContainsFunc(u.parts, func(p types.CompletedPart) bool { return p.PartNumber != nil })
}

// algorithm is that of an upload's checksums. Whether an unfinished one has properties of its own nobody can ask; by another algorithm it is
// told from those that have none.
func (p properties) algorithm() types.ChecksumAlgorithm {
	if p.contentType != "" || len(p.metadata) > 0 {
		return types.ChecksumAlgorithmCrc64nvme
	}
	return types.ChecksumAlgorithmCrc32
}

// begin goes on with an upload of the same file, or begins one.
func (m mover) begin(ctx context.Context, from stored, e errand) (*uploading, error) {
	u := &uploading{parts: make([]types.CompletedPart, partCount(from.size))}
	if e.as.algorithm() == types.ChecksumAlgorithmCrc32 {
		left, err := m.unfinished(ctx, from, e)
		if err != nil {
			return nil, err
		}
		if u.known = left != nil; u.known && left.id != nil {
			return left, nil
		}
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket: &e.to.bucket, Key: &e.to.key, ChecksumAlgorithm: e.as.algorithm(), ChecksumType: types.ChecksumTypeFullObject,
		StorageClass: types.StorageClass(e.as.class), Metadata: e.as.metadata,
	}
	if e.as.contentType != "" {
		in.ContentType = &e.as.contentType
	}
	begun, err := m.l.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return nil, m.b.explain(ctx, m.l, e.unseen(), err)
	}
	u.id = begun.UploadId
	return u, nil
}

// unfinished is an upload of the same file to the same place that can be gone on with; one without an id for none; nil where the store does
// not say. Others stay: whose they are nobody knows, and what an upload that nobody completes takes is for the bucket's rules to free.
func (m mover) unfinished(ctx context.Context, from stored, e errand) (*uploading, error) {
	listed, err := m.l.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &e.to.bucket, Prefix: &e.to.key})
	if err != nil {
		return nil, nil //nolint:nilerr // whoever may not list uploads may store a file nevertheless, and what is wrong shows when that begins
	}
	slices.SortFunc(listed.Uploads, func(a, b types.MultipartUpload) int { return aws.ToTime(b.Initiated).Compare(aws.ToTime(a.Initiated)) })
	for _, one := range listed.Uploads {
		ours := one.ChecksumAlgorithm == types.ChecksumAlgorithmCrc32 && one.ChecksumType == types.ChecksumTypeFullObject
		if aws.ToString(one.Key) != e.to.key || !ours || class(string(one.StorageClass)) != class(e.as.class) {
			continue
		}
		if u, err := m.sameParts(ctx, from, e, one); u != nil || err != nil {
			return u, err
		}
	}
	return &uploading{}, nil
}

// sameParts is an upload all of whose parts are those of the file, nil if one is not, or if it has none.
func (m mover) sameParts(ctx context.Context, from stored, e errand, of types.MultipartUpload) (*uploading, error) {
	u := &uploading{id: of.UploadId, parts: make([]types.CompletedPart, partCount(from.size)), known: true}
	pages := s3.NewListPartsPaginator(m.l.client, &s3.ListPartsInput{Bucket: &e.to.bucket, Key: &e.to.key, UploadId: of.UploadId})
	var found []types.Part
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil //nolint:nilerr // as above; or it is complete by now, or given up
		}
		found = append(found, page.Parts...)
	}
	for _, p := range found {
		if same, err := m.samePart(ctx, from, p); err != nil || !same {
			return nil, err
		}
		u.parts[aws.ToInt32(p.PartNumber)-1] = types.CompletedPart{ETag: p.ETag, PartNumber: p.PartNumber, ChecksumCRC32: p.ChecksumCRC32}
	}
	if len(found) == 0 {
		return nil, nil
	}
	return u, nil
}

// samePart tells whether a part is that of the file.
func (m mover) samePart(ctx context.Context, from stored, p types.Part) (bool, error) {
	n, length := int64(aws.ToInt32(p.PartNumber))-1, partLength(from.size)
	if n < 0 || n >= partCount(from.size) || aws.ToInt64(p.Size) != min(length, from.size-n*length) || aws.ToString(p.ChecksumCRC32) == "" {
		return false, nil
	}
	sum := crc32.NewIEEE()
	if err := m.hash(ctx, from, n*length, aws.ToInt64(p.Size), sum); err != nil {
		return false, err
	}
	return base64.StdEncoding.EncodeToString(sum.Sum(nil)) == *p.ChecksumCRC32, nil
}

// transient tells whether something that failed may go well the next time, or was only interrupted.
func transient(ctx context.Context, err error) bool {
	return ctx.Err() != nil || asError(err).Retryable
}

// kept is an error after which something is kept for the next attempt.
func kept(err error, what string) error {
	e := *asError(err)
	e.Partly = what + " is kept: the next attempt goes on with it"
	return &e
}

// given is an error for an upload that is not there any more: whoever did the same at the same time completed it, or gave it up.
func given(e *action.Error) *action.Error {
	if e.Code == action.CodeNotFound && strings.Contains(e.Message, "NoSuchUpload") {
		e.Code = action.CodeUncertain
	}
	return e
}

// holds tells whether what is stored is the file, to the byte as far as the store's checksum tells.
func (m mover) holds(ctx context.Context, from stored, to location) bool {
	q := question{purpose: "look at " + to.String(), target: to.target(), needs: "s3:GetObject"}
	o, known, err := m.b.head(ctx, m.l, to, q)
	if err != nil || o == nil || sizeOf(o) != from.size {
		return false
	}
	v, err := m.verifier(ctx, source{to, from.size, textOf(o, fieldETag)}, known)
	if err != nil || v == nil || m.hash(ctx, from, 0, from.size, v) != nil {
		return false
	}
	return v.check(q) == nil
}
