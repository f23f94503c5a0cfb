package s3

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // ETags are
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// A peer is an S3 server that the table is asked of, and a bucket in it that is empty.
type peer struct {
	t        *testing.T
	endpoint string
	region   string
	keys     aws.Credentials
	client   *s3.Client
	bucket   string
}

func newPeer(t *testing.T, endpoint, region string, keys aws.Credentials, bucket string) *peer {
	p := &peer{t: t, endpoint: endpoint, region: region, keys: keys, bucket: bucket}
	p.client = p.as(keys, region)
	return p
}

func (p *peer) as(keys aws.Credentials, region string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &p.endpoint, Region: region, UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
	})
}

// put stores a text, and returns its ETag.
func (p *peer) put(key, text string) string {
	p.t.Helper()
	out, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: &key, Body: strings.NewReader(text)})
	require.NoError(p.t, err)
	return *out.ETag
}

// expires is when what an object says of itself is no more true.
var expires = time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC)

// adorned stores an object that has all that one can have beside its content.
func (p *peer) adorned(key string) {
	p.t.Helper()
	_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{
		Bucket: &p.bucket, Key: &key, Body: strings.NewReader("x"), ContentType: aws.String("text/plain"), Metadata: map[string]string{"ticket": "INC-7"},
		CacheControl: aws.String("no-cache"), ContentDisposition: aws.String("attachment"), ContentLanguage: aws.String("de"), Expires: &expires,
		Tagging: aws.String("a%2Bb=c&d/%C3%A4="),
	})
	require.NoError(p.t, err)
}

// beside is what an object has beside its content.
func (p *peer) beside(key string) string {
	p.t.Helper()
	head, err := p.client.HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: &key})
	require.NoError(p.t, err)
	out, err := p.client.GetObjectTagging(p.t.Context(), &s3.GetObjectTaggingInput{Bucket: &p.bucket, Key: &key})
	require.NoError(p.t, err)
	var tags []string
	for _, tag := range out.TagSet {
		tags = append(tags, strings.TrimSuffix(*tag.Key+"="+*tag.Value, "="))
	}
	slices.Sort(tags)
	said := []string{aws.ToString(head.ContentType), fmt.Sprint(head.Metadata)}
	for _, value := range []*string{head.CacheControl, head.ContentDisposition, head.ContentLanguage, head.ExpiresString} {
		said = append(said, cmp.Or(aws.ToString(value), "-"))
	}
	return strings.Join(said, " ") + " " + fmt.Sprint(tags)
}

// verdict is what came of a call, in a line.
func verdict(err error) string {
	if err == nil {
		return "ok"
	}
	status := 0
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Sprintf("%d %s", status, api.ErrorCode())
	}
	return fmt.Sprintf("%d %s", status, err)
}

// raw sends a signed request whose headers the SDK would not make.
func (p *peer) raw(method, path, body string, headers map[string]string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.endpoint+"/"+p.bucket+"/"+path, strings.NewReader(body))
	require.NoError(p.t, err)
	hash := hashOf(body)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if given := r.Header.Get(payloadHash); given != "" {
		hash = given
	}
	r.Header.Set(payloadHash, hash)
	at := time.Now()
	if headers["X-Amz-Date"] != "" {
		at, err = time.Parse(timeFormat, headers["X-Amz-Date"])
		require.NoError(p.t, err)
	}
	require.NoError(p.t, v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(p.t.Context(), p.keys, r, hash, service, p.region, at))
	return p.do(r)
}

var codeIn = strings.NewReplacer("<Code>", "\x00", "</Code>", "\x00")

// do sends a request, and returns its status with the code of the error, or the text.
func (p *peer) do(r *http.Request) string {
	p.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(p.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	if parts := strings.Split(codeIn.Replace(string(text)), "\x00"); len(parts) == 3 {
		return fmt.Sprintf("%d %s", response.StatusCode, parts[1])
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", response.StatusCode, text))
}

func hashOf(body string) string {
	h := sha256Of(body)
	return hex.EncodeToString(h[:])
}

func md5Of(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// list returns what a listing says, page by page.
func (p *peer) list(in s3.ListObjectsV2Input) string {
	p.t.Helper()
	in.Bucket = &p.bucket
	var pages []string
	for {
		out, err := p.client.ListObjectsV2(p.t.Context(), &in)
		if err != nil {
			return verdict(err)
		}
		var page []string
		for _, o := range out.Contents {
			page = append(page, fmt.Sprintf("%s:%d", *o.Key, *o.Size))
		}
		for _, o := range out.CommonPrefixes {
			page = append(page, *o.Prefix)
		}
		slices.Sort(page)
		pages = append(pages, strings.Join(page, " "))
		if !aws.ToBool(out.IsTruncated) {
			return strings.Join(pages, " | ")
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// get reads an object: its text, its range, or what the error is.
func (p *peer) get(in s3.GetObjectInput) string {
	p.t.Helper()
	in.Bucket = &p.bucket
	out, err := p.client.GetObject(p.t.Context(), &in)
	if err != nil {
		return verdict(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	require.NoError(p.t, err)
	return strings.TrimSpace(string(text) + " " + aws.ToString(out.ContentRange))
}

// parts uploads an object in parts, and returns what came of its completion.
func (p *peer) parts(key string, in *s3.CompleteMultipartUploadInput, shuffle func([]types.CompletedPart) []types.CompletedPart, bodies ...string) string {
	p.t.Helper()
	ctx := p.t.Context()
	begun, err := p.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &p.bucket, Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	require.NoError(p.t, err)
	var done []types.CompletedPart
	for i, body := range bodies {
		out, err := p.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &p.bucket, Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: strings.NewReader(body),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		require.NoError(p.t, err)
		done = append(done, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1)), ChecksumCRC32: out.ChecksumCRC32})
	}
	if shuffle != nil {
		done = shuffle(done)
	}
	in.Bucket, in.Key, in.UploadId = &p.bucket, &key, begun.UploadId
	in.MultipartUpload = &types.CompletedMultipartUpload{Parts: done}
	if _, err := p.client.CompleteMultipartUpload(ctx, in); err != nil {
		_, aborted := p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: &key, UploadId: begun.UploadId})
		require.NoError(p.t, aborted)
		return verdict(err)
	}
	head, err := p.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &p.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	require.NoError(p.t, err)
	return fmt.Sprintf("%s %d %s %s", *head.ETag, *head.ContentLength, aws.ToString(head.ChecksumCRC32), head.ChecksumType)
}

func (p *peer) presigned(keys aws.Credentials, valid time.Duration, key string) *v4.PresignedHTTPRequest {
	p.t.Helper()
	out, err := s3.NewPresignClient(p.as(keys, p.region)).PresignGetObject(p.t.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: &key}, s3.WithPresignExpires(valid))
	require.NoError(p.t, err)
	return out
}

func (p *peer) follow(address string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	require.NoError(p.t, err)
	return p.do(r)
}

// big is the smallest part that S3 takes before the last one.
var big = strings.Repeat("0123456789abcdef", minPart/16)

// A conformanceCase is something that is done with a server, and what comes of it.
type conformanceCase struct {
	name string
	do   func(p *peer) string
	want string
}

var conformance = []conformanceCase{
	{"an empty bucket", func(p *peer) string { return p.list(s3.ListObjectsV2Input{}) }, ""},
	{"put and get", func(p *peer) string {
		return p.put("a", "hello") + " " + p.get(s3.GetObjectInput{Key: aws.String("a")})
	}, `"5d41402abc4b2a76b9719d911017c592" hello`},
	{"put nothing", func(p *peer) string {
		p.put("empty", "")
		return p.list(s3.ListObjectsV2Input{}) + p.get(s3.GetObjectInput{Key: aws.String("empty")})
	}, "empty:0"},
	{"a key of signs", func(p *peer) string {
		p.put("odd/ä ö+&=%41?#'\"()!*~,;:@$", "x")
		return p.list(s3.ListObjectsV2Input{}) + " " + p.list(s3.ListObjectsV2Input{Prefix: aws.String("odd/ä ö+&=%41?")}) + " " + p.get(s3.GetObjectInput{Key: aws.String("odd/ä ö+&=%41?#'\"()!*~,;:@$")})
	}, "odd/ä ö+&=%41?#'\"()!*~,;:@$:1 odd/ä ö+&=%41?#'\"()!*~,;:@$:1 x"},
	{"metadata", func(p *peer) string {
		_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{
			Bucket: &p.bucket, Key: aws.String("m"), Body: strings.NewReader("x"), ContentType: aws.String("text/plain"),
			Metadata: map[string]string{"ticket": "INC-7"},
		})
		require.NoError(p.t, err)
		head, err := p.client.HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: aws.String("m")})
		require.NoError(p.t, err)
		return fmt.Sprint(*head.ContentType, " ", head.Metadata, " ", *head.ContentLength, " ", *head.ETag)
	}, `text/plain map[ticket:INC-7] 1 "9dd4e461268c8034f5c8564e155c67a6"`},
	{"the checksum of an object", func(p *peer) string {
		p.put("a", "hello")
		sum := func() string {
			head, err := p.client.HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: aws.String("a"), ChecksumMode: types.ChecksumModeEnabled})
			require.NoError(p.t, err)
			return aws.ToString(head.ChecksumCRC32) + aws.ToString(head.ChecksumCRC64NVME) + " " + string(head.ChecksumType)
		}
		own := sum()
		_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{
			Bucket: &p.bucket, Key: aws.String("a"), Body: strings.NewReader("hello"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		require.NoError(p.t, err)
		return own + ", " + sum()
	}, "M3eFcAZSQlc= FULL_OBJECT, NhCmhg== FULL_OBJECT"},

	{"list a prefix", func(p *peer) string {
		for _, key := range []string{"a/1", "a/2", "ab", "b/c/3", "d"} {
			p.put(key, "x")
		}
		return p.list(s3.ListObjectsV2Input{Prefix: aws.String("a/")})
	}, "a/1:1 a/2:1"},
	{"list folders", func(p *peer) string {
		for _, key := range []string{"a/1", "a/2", "ab", "b/c/3", "d"} {
			p.put(key, "x")
		}
		return p.list(s3.ListObjectsV2Input{Delimiter: aws.String("/")}) + " | " + p.list(s3.ListObjectsV2Input{Delimiter: aws.String("/"), Prefix: aws.String("b/")})
	}, "a/ ab:1 b/ d:1 | b/c/"},
	{"list in pages", func(p *peer) string {
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			p.put(key, "x")
		}
		return p.list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(2)})
	}, "a:1 b:1 | c:1 d:1 | e:1"},
	{"list folders in pages", func(p *peer) string {
		for _, key := range []string{"a/1", "a/2", "b/1", "c", "d/1/2", "d/3"} {
			p.put(key, "x")
		}
		return p.list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(1), Delimiter: aws.String("/")})
	}, "a/ | b/ | c:1 | d/"},
	{"list after", func(p *peer) string {
		for _, key := range []string{"a", "b", "c"} {
			p.put(key, "x")
		}
		return p.list(s3.ListObjectsV2Input{StartAfter: aws.String("a")})
	}, "b:1 c:1"},
	{"list nothing at most", func(p *peer) string {
		p.put("a", "x")
		return p.list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(0)})
	}, ""},
	{"list no bucket", func(p *peer) string {
		_, err := p.client.ListObjectsV2(p.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("no-such-bucket-here")})
		return verdict(err)
	}, "404 NoSuchBucket"},
	{"head a bucket", func(p *peer) string {
		_, err := p.client.HeadBucket(p.t.Context(), &s3.HeadBucketInput{Bucket: &p.bucket})
		_, none := p.client.HeadBucket(p.t.Context(), &s3.HeadBucketInput{Bucket: aws.String("no-such-bucket-here")})
		return verdict(err) + " " + verdict(none)
	}, "ok 404 NotFound"},
	{"make a bucket again", func(p *peer) string {
		_, err := p.client.CreateBucket(p.t.Context(), &s3.CreateBucketInput{Bucket: &p.bucket})
		return verdict(err)
	}, "409 BucketAlreadyOwnedByYou"},
	{"remove a bucket with something in it", func(p *peer) string {
		p.put("a", "x")
		_, err := p.client.DeleteBucket(p.t.Context(), &s3.DeleteBucketInput{Bucket: &p.bucket})
		return verdict(err)
	}, "409 BucketNotEmpty"},

	{"get what is not there", func(p *peer) string { return p.get(s3.GetObjectInput{Key: aws.String("none")}) }, "404 NoSuchKey"},
	{"head what is not there", func(p *peer) string {
		_, err := p.client.HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: aws.String("none")})
		return verdict(err)
	}, "404 NotFound"},
	{"a range", func(p *peer) string {
		p.put("a", "0123456789")
		var out []string
		for _, r := range []string{"bytes=2-4", "bytes=7-", "bytes=-3", "bytes=8-99", "bytes=-99"} {
			out = append(out, p.get(s3.GetObjectInput{Key: aws.String("a"), Range: &r}))
		}
		return strings.Join(out, ", ")
	}, "234 bytes 2-4/10, 789 bytes 7-9/10, 789 bytes 7-9/10, 89 bytes 8-9/10, 0123456789 bytes 0-9/10"},
	{"a range beyond", func(p *peer) string {
		p.put("a", "0123456789")
		return p.get(s3.GetObjectInput{Key: aws.String("a"), Range: aws.String("bytes=10-")})
	}, "416 InvalidRange"},
	{"a range that is none", func(p *peer) string {
		p.put("a", "0123456789")
		return p.get(s3.GetObjectInput{Key: aws.String("a"), Range: aws.String("lines=1-2")})
	}, "0123456789"},
	{"if it is the same", func(p *peer) string {
		tag := p.put("a", "x")
		return p.get(s3.GetObjectInput{Key: aws.String("a"), IfMatch: &tag}) + ", " + p.get(s3.GetObjectInput{Key: aws.String("a"), IfMatch: aws.String(`"no"`)})
	}, "x, 412 PreconditionFailed"},
	{"if it is another", func(p *peer) string {
		tag := p.put("a", "x")
		return p.get(s3.GetObjectInput{Key: aws.String("a"), IfNoneMatch: &tag}) + ", " + p.get(s3.GetObjectInput{Key: aws.String("a"), IfNoneMatch: aws.String(`"no"`)})
	}, "304 NotModified, x"},
	{"if it is newer", func(p *peer) string {
		p.put("a", "x")
		return p.get(s3.GetObjectInput{Key: aws.String("a"), IfModifiedSince: aws.Time(time.Unix(1e9, 0))}) + ", " +
			p.get(s3.GetObjectInput{Key: aws.String("a"), IfUnmodifiedSince: aws.Time(time.Unix(1e9, 0))})
	}, "x, 412 PreconditionFailed"},

	{"put what must not be there", func(p *peer) string {
		put := func(key string) string {
			_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: &key, Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
			return verdict(err)
		}
		return put("a") + ", " + put("a")
	}, "ok, 412 PreconditionFailed"},
	{"put over what must be the same", func(p *peer) string {
		tag := p.put("a", "x")
		put := func(key, match string) string {
			_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: &key, Body: strings.NewReader("y"), IfMatch: &match})
			return verdict(err)
		}
		return put("a", tag) + ", " + put("a", tag) + ", " + put("b", tag)
	}, "ok, 412 PreconditionFailed, 404 NoSuchKey"},
	{"put into no bucket", func(p *peer) string {
		_, err := p.client.PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: aws.String("no-such-bucket-here"), Key: aws.String("a"), Body: strings.NewReader("x")})
		return verdict(err)
	}, "404 NoSuchBucket"},
	{"delete", func(p *peer) string {
		p.put("a", "x")
		remove := func() string {
			_, err := p.client.DeleteObject(p.t.Context(), &s3.DeleteObjectInput{Bucket: &p.bucket, Key: aws.String("a")})
			return verdict(err)
		}
		return remove() + ", " + remove() + ", " + p.list(s3.ListObjectsV2Input{})
	}, "ok, ok, "},
	{"delete what must be the same", func(p *peer) string {
		tag := p.put("a", "x")
		remove := func(match string) string {
			_, err := p.client.DeleteObject(p.t.Context(), &s3.DeleteObjectInput{Bucket: &p.bucket, Key: aws.String("a"), IfMatch: &match})
			return verdict(err)
		}
		return remove(`"no"`) + ", " + remove(tag)
	}, "412 PreconditionFailed, ok"},
	{"delete many", func(p *peer) string {
		for _, key := range []string{"a", "b", "c"} {
			p.put(key, "x")
		}
		out, err := p.client.DeleteObjects(p.t.Context(), &s3.DeleteObjectsInput{Bucket: &p.bucket, Delete: &types.Delete{
			Objects: []types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("c")}, {Key: aws.String("none")}},
		}})
		require.NoError(p.t, err)
		var keys []string
		for _, d := range out.Deleted {
			keys = append(keys, *d.Key)
		}
		slices.Sort(keys)
		return fmt.Sprint(keys, len(out.Errors), " ", p.list(s3.ListObjectsV2Input{}))
	}, "[a c none] 0 b:1"},

	{"copy", func(p *peer) string {
		p.put("a b+c/ä", "hello")
		_, err := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: aws.String("copied"), CopySource: aws.String(p.bucket + "/" + encodeKey("a b+c/ä"))})
		return verdict(err) + " " + p.get(s3.GetObjectInput{Key: aws.String("copied")})
	}, "ok hello"},
	{"copy nothing", func(p *peer) string {
		_, err := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: aws.String("copied"), CopySource: aws.String(p.bucket + "/none")})
		return verdict(err)
	}, "404 NoSuchKey"},
	{"copy what must be the same", func(p *peer) string {
		tag := p.put("a", "hello")
		copied := func(match string) string {
			_, err := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: aws.String("copied"), CopySource: aws.String(p.bucket + "/a"), CopySourceIfMatch: &match})
			return verdict(err)
		}
		return copied(`"no"`) + ", " + copied(tag)
	}, "412 PreconditionFailed, ok"},
	{"copy what an object has beside its content", func(p *peer) string {
		p.adorned("a")
		_, err := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: aws.String("b"), CopySource: aws.String(p.bucket + "/a")})
		_, replaced := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{
			Bucket: &p.bucket, Key: aws.String("c"), CopySource: aws.String(p.bucket + "/a"), MetadataDirective: types.MetadataDirectiveReplace, ContentType: aws.String("text/csv"),
		})
		return verdict(err) + " " + p.beside("b") + "\n" + verdict(replaced) + " " + p.beside("c")
	}, `ok text/plain map[ticket:INC-7] no-cache attachment de Thu, 01 Jan 2037 00:00:00 GMT [a+b=c d/ä]
ok text/csv map[] - - - - [a+b=c d/ä]`},
	{"an upload has what it was begun with", func(p *peer) string {
		begun, err := p.client.CreateMultipartUpload(p.t.Context(), &s3.CreateMultipartUploadInput{
			Bucket: &p.bucket, Key: aws.String("a"), Tagging: aws.String("one=1"), CacheControl: aws.String("no-cache"), Expires: aws.Time(expires),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme, ChecksumType: types.ChecksumTypeFullObject,
		})
		require.NoError(p.t, err)
		p.put("from", "hello")
		part, err := p.client.UploadPartCopy(p.t.Context(), &s3.UploadPartCopyInput{
			Bucket: &p.bucket, Key: aws.String("a"), UploadId: begun.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String(p.bucket + "/from"),
		})
		require.NoError(p.t, err)
		complete := func(sum *string) string {
			_, err = p.client.CompleteMultipartUpload(p.t.Context(), &s3.CompleteMultipartUploadInput{
				Bucket: &p.bucket, Key: aws.String("a"), UploadId: begun.UploadId, ChecksumType: types.ChecksumTypeFullObject,
				MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.CopyPartResult.ETag, PartNumber: aws.Int32(1), ChecksumCRC64NVME: sum}}},
			})
			return verdict(err)
		}
		return complete(nil) + ", " + complete(part.CopyPartResult.ChecksumCRC64NVME) + " " + p.beside("a")
	}, "400 InvalidRequest, ok binary/octet-stream map[] no-cache - - Thu, 01 Jan 2037 00:00:00 GMT [one=1]"},
	{"copy onto itself", func(p *peer) string {
		p.put("a", "hello")
		_, err := p.client.CopyObject(p.t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: aws.String("a"), CopySource: aws.String(p.bucket + "/a")})
		return verdict(err)
	}, "400 InvalidRequest"},

	{"in parts", func(p *peer) string {
		return p.parts("big", &s3.CompleteMultipartUploadInput{}, nil, big, "end")
	}, `"a7605a8c1991d100367b98e8b862766c-2" 5242883 PwNHTA==-2 COMPOSITE`},
	{"in parts out of order", func(p *peer) string {
		return p.parts("big", &s3.CompleteMultipartUploadInput{}, func(all []types.CompletedPart) []types.CompletedPart { slices.Reverse(all); return all }, big, big)
	}, "400 InvalidPartOrder"},
	{"in parts of which one is too small", func(p *peer) string {
		return p.parts("big", &s3.CompleteMultipartUploadInput{}, nil, "small", "end")
	}, "400 EntityTooSmall"},
	{"in parts of which one is another", func(p *peer) string {
		return p.parts("big", &s3.CompleteMultipartUploadInput{}, func(all []types.CompletedPart) []types.CompletedPart {
			all[1].ETag = all[0].ETag
			return all
		}, big, "end")
	}, "400 InvalidPart"},
	{"in parts where something is already", func(p *peer) string {
		p.put("big", "x")
		return p.parts("big", &s3.CompleteMultipartUploadInput{IfNoneMatch: aws.String("*")}, nil, "end")
	}, "412 PreconditionFailed"},
	{"a part of it", func(p *peer) string {
		p.parts("big", &s3.CompleteMultipartUploadInput{}, nil, big, "end")
		out, err := p.client.GetObject(p.t.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: aws.String("big"), PartNumber: aws.Int32(2)})
		require.NoError(p.t, err)
		defer out.Body.Close()
		text, err := io.ReadAll(out.Body)
		require.NoError(p.t, err)
		return fmt.Sprint(string(text), " ", aws.ToString(out.ContentRange), " ", aws.ToInt32(out.PartsCount))
	}, "end bytes 5242880-5242882/5242883 2"},
	{"no upload", func(p *peer) string {
		_, err := p.client.UploadPart(p.t.Context(), &s3.UploadPartInput{Bucket: &p.bucket, Key: aws.String("a"), UploadId: aws.String("none"), PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		_, aborted := p.client.AbortMultipartUpload(p.t.Context(), &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: aws.String("a"), UploadId: aws.String("none")})
		return verdict(err) + ", " + verdict(aborted)
	}, "404 NoSuchUpload, 404 NoSuchUpload"},

	{"without a signature", func(p *peer) string { return p.follow(p.endpoint + "/" + p.bucket + "?list-type=2") }, "403 AccessDenied"},
	{"an unknown key", func(p *peer) string {
		_, err := p.as(aws.Credentials{AccessKeyID: "NOBODYKNOWSTHIS00000", SecretAccessKey: p.keys.SecretAccessKey}, p.region).ListBuckets(p.t.Context(), nil)
		return verdict(err)
	}, "403 InvalidAccessKeyId"},
	{"a wrong secret", func(p *peer) string {
		_, err := p.as(aws.Credentials{AccessKeyID: p.keys.AccessKeyID, SecretAccessKey: "wrong"}, p.region).ListBuckets(p.t.Context(), nil)
		return verdict(err)
	}, "403 SignatureDoesNotMatch"},
	{"another region", func(p *peer) string {
		_, err := p.as(p.keys, "eu-west-9").ListBuckets(p.t.Context(), nil)
		return verdict(err)
	}, "400 AuthorizationHeaderMalformed"},
	{"an old signature", func(p *peer) string {
		return p.raw(http.MethodGet, "a", "", map[string]string{"X-Amz-Date": time.Now().Add(-time.Hour).UTC().Format(timeFormat)})
	}, "403 RequestTimeTooSkewed"},
	{"another body than was signed", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{payloadHash: hashOf("other")})
	}, "400 XAmzContentSHA256Mismatch"},
	{"a body that is not signed", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{payloadHash: unsigned})
	}, "200"},
	{"a right MD5", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{"Content-Md5": md5Of("hello")})
	}, "200"},
	{"a wrong MD5", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{"Content-Md5": md5Of("other")}) + ", " + p.get(s3.GetObjectInput{Key: aws.String("a")})
	}, "400 BadDigest, 404 NoSuchKey"},
	{"an MD5 that is none", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{"Content-Md5": "none"})
	}, "400 InvalidDigest"},
	{"right checksums", func(p *peer) string {
		var out []string
		for _, a := range algorithms {
			sum := newSum(a)
			_, _ = io.WriteString(sum, "hello")
			out = append(out, p.raw(http.MethodPut, "a", "hello", map[string]string{checksumPrefix + a: encoded(sum)}))
		}
		return strings.Join(out, " ")
	}, "200 200 200 200 200"},
	{"wrong checksums", func(p *peer) string {
		var out []string
		for _, a := range algorithms {
			sum := newSum(a)
			_, _ = io.WriteString(sum, "other")
			out = append(out, p.raw(http.MethodPut, "a", "hello", map[string]string{checksumPrefix + a: encoded(sum)}))
		}
		return strings.Join(out, ", ") + ", " + p.get(s3.GetObjectInput{Key: aws.String("a")})
	}, "400 BadDigest, 400 BadDigest, 400 BadDigest, 400 BadDigest, 400 BadDigest, 404 NoSuchKey"},
	{"a checksum that is none", func(p *peer) string {
		return p.raw(http.MethodPut, "a", "hello", map[string]string{checksumPrefix + crc32ieee: "none"})
	}, "400 InvalidRequest"},
	{"a checksum after the body", func(p *peer) string {
		put := func(sum string) string {
			body := "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + sum + "\r\n\r\n"
			return p.raw(http.MethodPut, "a", body, map[string]string{
				payloadHash: streamed, "X-Amz-Trailer": "x-amz-checksum-crc32", "Content-Encoding": chunkedEncoding, "X-Amz-Decoded-Content-Length": "5",
			})
		}
		return put("NhCmhg==") + " " + p.get(s3.GetObjectInput{Key: aws.String("a")}) + ", " + put("AAAAAA==") + " " + p.get(s3.GetObjectInput{Key: aws.String("a")})
	}, "200 hello, 400 BadDigest hello"},

	{"an address that is signed", func(p *peer) string {
		p.put("a b+/ä", "hello")
		return p.follow(p.presigned(p.keys, time.Minute, "a b+/ä").URL)
	}, "200 hello"},
	{"an address that is signed for another", func(p *peer) string {
		p.put("a", "hello")
		p.put("b", "other")
		return p.follow(strings.Replace(p.presigned(p.keys, time.Minute, "a").URL, "/a?", "/b?", 1))
	}, "403 SignatureDoesNotMatch"},
	{"an address that is signed by nobody", func(p *peer) string {
		return p.follow(p.presigned(aws.Credentials{AccessKeyID: "NOBODYKNOWSTHIS00000", SecretAccessKey: "x"}, time.Minute, "a").URL)
	}, "403 InvalidAccessKeyId"},
	{"an address that was signed long ago", func(p *peer) string {
		p.put("a", "hello")
		r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.endpoint+"/"+p.bucket+"/a?X-Amz-Expires=60", nil)
		require.NoError(p.t, err)
		address, _, err := v4.NewSigner().PresignHTTP(p.t.Context(), p.keys, r, unsigned, service, p.region, time.Now().Add(-time.Hour))
		require.NoError(p.t, err)
		return p.follow(address)
	}, "403 AccessDenied"},
	{"an address for too long", func(p *peer) string {
		r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.endpoint+"/"+p.bucket+"/a?X-Amz-Expires=6048000", nil)
		require.NoError(p.t, err)
		address, _, err := v4.NewSigner().PresignHTTP(p.t.Context(), p.keys, r, unsigned, service, p.region, time.Now())
		require.NoError(p.t, err)
		return p.follow(address)
	}, "400 AuthorizationQueryParametersError"},
}

// conform asks the whole table of a server. Each case has an empty bucket.
func conform(t *testing.T, open func(t *testing.T, bucket string) *peer) {
	for i, c := range slices.Concat(conformance, unfinished) {
		t.Run(c.name, func(t *testing.T) {
			bucket := fmt.Sprintf("runbook-conformance-%d-%d", time.Now().UnixMilli(), i)
			p := open(t, bucket)
			_, err := p.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
			require.NoError(t, err)
			t.Cleanup(func() { p.empty(context.WithoutCancel(t.Context())) })
			require.Equal(t, c.want, c.do(p))
		})
	}
}

// empty removes the bucket with everything in it.
func (p *peer) empty(ctx context.Context) {
	pages := s3.NewListObjectsV2Paginator(p.client, &s3.ListObjectsV2Input{Bucket: &p.bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(p.t, err)
		for _, o := range page.Contents {
			_, err := p.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &p.bucket, Key: o.Key})
			require.NoError(p.t, err)
		}
	}
	_, err := p.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &p.bucket})
	require.NoError(p.t, err)
}

func TestConformance(t *testing.T) {
	conform(t, func(t *testing.T, bucket string) *peer { return newPeer(t, serve(t), Region, simulatedKeys, bucket) })
}

var simulatedKeys = aws.Credentials{AccessKeyID: AccessKey, SecretAccessKey: SecretKey}
