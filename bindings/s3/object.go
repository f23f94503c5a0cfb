package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"runbook/engine/action"
	"runbook/engine/module"
)

// patience is how long one answer may take.
const patience = time.Minute + 30*time.Second

// An object is what is known of one that is stored, in JSON's types: it is what scripts see and what the intended state holds.
type object = map[string]any

// The fields of an object.
const (
	fieldURI      = "uri"
	fieldBucket   = "bucket"
	fieldKey      = "key"
	fieldSize     = "size"
	fieldModified = "modified"
	fieldETag     = "etag"
	fieldClass    = "storage_class"
	fieldType     = "content_type"
	fieldMetadata = "metadata"
	fieldChecksum = "checksum"
	// fieldText and fieldFrom are of intended objects: what is to be in them, or what they are to be copied from.
	fieldText = "text"
	fieldFrom = "from"
)

func newObject(at location, size int64, modified time.Time, etag string) object {
	return object{
		fieldURI: at.String(), fieldBucket: at.bucket, fieldKey: at.key, fieldSize: float64(size),
		fieldModified: seconds(modified), fieldETag: strings.Trim(etag, `"`),
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func fromSeconds(v any) time.Time {
	s, _ := v.(float64)
	return time.UnixMilli(int64(s * 1000))
}

func sizeOf(o object) int64 {
	n, _ := o[fieldSize].(float64)
	return int64(n)
}

func textOf(o object, field string) string {
	s, _ := o[field].(string)
	return s
}

// shown is an object as scripts see it: without what only the intended state needs.
func shown(o object) object {
	if o == nil {
		return nil
	}
	out := object{}
	for name, value := range o {
		if name != fieldText && name != fieldFrom {
			out[name] = value
		}
	}
	return out
}

// sums are the checksums that the store knows of an object.
type sums struct {
	algorithm string // as the store calls it; "" for none that is known
	value     string
	composite bool   // of the checksums of its parts
	etag      string // where it is a hash of the content; "" where it is none
}

// head looks at an object: nil if it is not there. What the store knows of its checksum is told beside.
func (b *binding) head(ctx context.Context, l *link, at location, q question) (object, sums, error) {
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	out, err := l.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &at.bucket, Key: &at.key, ChecksumMode: types.ChecksumModeEnabled})
	if absent(err) {
		return nil, sums{}, b.bucketThere(ctx, l, at, q)
	}
	if err != nil {
		return nil, sums{}, b.explain(ctx, l, q, err)
	}
	o := newObject(at, aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified), aws.ToString(out.ETag))
	o[fieldType], o[fieldClass] = aws.ToString(out.ContentType), class(string(out.StorageClass))
	metadata := object{}
	for name, value := range out.Metadata {
		metadata[name] = value
	}
	o[fieldMetadata] = metadata
	known := sumsOf(out.ChecksumCRC64NVME, out.ChecksumCRC32C, out.ChecksumCRC32, out.ChecksumSHA256, out.ChecksumSHA1, out.ChecksumType)
	known.etag = hashOf(out.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	if known.algorithm != "" {
		o[fieldChecksum] = object{"algorithm": known.algorithm, "value": known.value, "of_parts": known.composite}
	}
	return o, known, nil
}

func sumsOf(nvme, crc32c, crc32, sha256, sha1 *string, of types.ChecksumType) sums {
	for _, one := range []struct {
		algorithm string
		value     *string
	}{{"CRC64NVME", nvme}, {"CRC32C", crc32c}, {"CRC32", crc32}, {"SHA256", sha256}, {"SHA1", sha1}} {
		if value := aws.ToString(one.value); value != "" {
			return sums{algorithm: one.algorithm, value: value, composite: of == types.ChecksumTypeComposite || strings.Contains(value, "-")}
		}
	}
	return sums{}
}

func class(name string) string {
	if name == "" {
		return "STANDARD"
	}
	return name
}

// absent tells whether the store says that there is no such object. A HEAD does not say whether it is the bucket that is missing.
func absent(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.Response != nil && response.HTTPStatusCode() == http.StatusNotFound
}

// bucketThere is an error if an object is missing because its bucket is. Who may not look at the bucket is not told more than that.
func (b *binding) bucketThere(ctx context.Context, l *link, at location, q question) error {
	if _, err := l.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &at.bucket}); absent(err) {
		return noBucket(at.bucket, q)
	}
	return nil
}

func noBucket(bucket string, q question) error {
	return action.Errorf(action.CodeNotFound, "cannot %s: there is no bucket %s", q.purpose, bucket).On(q.target).
		Try("see which buckets there are: s3.buckets()")
}

func noObject(at location, q question) error {
	folder := at.key[:strings.LastIndex(at.key, "/")+1]
	return action.Errorf(action.CodeNotFound, "cannot %s: there is no such object", q.purpose).On(q.target).
		Try("see what is there: s3.list(%q)", location{at.bucket, folder}.String())
}

// look is an object as the run intends it to be, nil if there is none, and whether the run intends anything about it.
func (b *binding) look(ctx context.Context, view action.View, at location, q question) (o object, known sums, intended bool, err error) {
	l, err := b.link()
	if err != nil {
		return nil, sums{}, false, err
	}
	live, known, err := b.head(ctx, l, at, q)
	if err != nil {
		return nil, sums{}, false, err
	}
	o, intended = view.Lay(at.target(), live)
	return o, known, intended, nil
}
