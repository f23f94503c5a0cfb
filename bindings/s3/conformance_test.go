package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files/local"
	"runbook/engine/world/scenario"
)

// A conformanceCase is what is done with a store by the module's functions, and what comes of it: with the simulated store, and with a real
// one. Each has a bucket of its own.
type conformanceCase struct {
	name string
	do   func(c *customer) string
	want string
}

// A customer is somebody with a bucket and a folder.
type customer struct {
	*driver
	bucket, folder string
}

func (c *customer) uri(key string) string { return scheme + c.bucket + "/" + key }

// came is what came of a call: its result, or the code of its error.
func came(value any, err error) string {
	if err != nil {
		return string(action.CodeOf(err))
	}
	return action.Text(value)
}

func (c *customer) call(name string, values ...any) string { return came(c.try(name, values...)) }

func (c *customer) look(name string, values ...any) string {
	return came(c.see(nobody, name, values...))
}

func (c *customer) list(values ...any) string {
	c.Helper()
	return strings.Join(keys(c.read("list", append([]any{c.uri("")}, values...)...)), " ")
}

var conformance = []conformanceCase{
	{"put, get and delete", func(c *customer) string {
		c.do("put", c.uri("a ä+&=%41?#"), "hello", opts("metadata", map[string]any{"ticket": "INC-7"}))
		return c.list() + " " + c.look("get", c.uri("a ä+&=%41?#")) + " " + action.Text(c.read("head", c.uri("a ä+&=%41?#")).(object)["metadata"]) +
			" " + c.call("delete", c.uri("a ä+&=%41?#")) + " " + c.list()
	}, `a ä+&=%41?# "hello" {"ticket":"INC-7"} {"bytes":5,"removed":1} `},
	{"what is not there", func(c *customer) string {
		return strings.Join([]string{
			c.look("head", c.uri("none")), c.look("get", c.uri("none")), c.look("head", "s3://no-such-bucket-here/a"), c.look("list", "s3://no-such-bucket-here"),
			c.call("put", "s3://no-such-bucket-here/a", "x"), c.call("copy", c.uri("none"), c.uri("b")), c.call("delete", c.uri("none")),
		}, " ")
	}, `null not_found not_found not_found not_found not_found {"bytes":0,"removed":0}`},
	{"folders", func(c *customer) string {
		for _, key := range []string{"a/1", "a/2", "b", "c/d/e"} {
			c.do("put", c.uri(key), "x")
		}
		return c.list(opts("folders", true)) + ", " + c.list(opts("limit", 2.0)) + ", " + c.list(opts("include", []any{"*/*"}, "exclude", []any{"*2"}))
	}, "a/ b c/, a/1 a/2, a/1 c/d/e"},
	{"an object that is another one by now", func(c *customer) string {
		c.do("put", c.uri("a"), "before")
		over, predicted := c.predicted("put", c.uri("a"), "ours")
		remove, seen := c.predicted("delete", c.uri("a"))
		c.do("put", c.uri("a"), "theirs")
		_, first := over.Apply(c.Context(), predicted)
		_, second := remove.Apply(c.Context(), seen)
		return came(nil, first) + " " + came(nil, second) + " " + c.look("get", c.uri("a"))
	}, `conflict conflict "theirs"`},
	{"a large file, there and back", func(c *customer) string {
		text := strings.Repeat("0123456789abcdef", (2*partSize+4096)/16)
		write(c.T, c.folder, map[string]string{"big": text}, began)
		up := c.call("copy", c.folder+"/big", c.uri("big"))
		down := c.call("copy", c.uri("big"), c.folder+"/again")
		same := hashOfText(tree(c.T, c.folder)["again"]) == hashOfText(text)
		known := c.read("head", c.uri("big")).(object)[fieldChecksum].(object)
		return strings.NewReplacer(c.folder, "F", c.uri(""), "B/").Replace(fmt.Sprint(up, " ", down, " ", same, " ", known["algorithm"], " ", known["of_parts"]))
	}, `{"bytes":16781312,"from":"F/big","to":"B/big","verified":true} {"bytes":16781312,"from":"B/big","to":"F/again","verified":true} true CRC32 false`},
	{"within the store", func(c *customer) string {
		c.do("put", c.uri("a b+c"), "hello")
		return strings.ReplaceAll(c.call("copy", c.uri("a b+c"), c.uri("d/e"), opts("content_type", "text/x", "metadata", map[string]any{"a": "b"})), c.uri(""), "B/") + " " +
			c.look("get", c.uri("d/e")) + " " + fmt.Sprint(c.read("head", c.uri("d/e")).(object)[fieldType])
	}, `{"bytes":5,"from":"B/a b+c","to":"B/d/e","verified":true} "hello" text/x`},
	{"sync up, down and away", func(c *customer) string {
		write(c.T, c.folder+"/src", map[string]string{"a": "1", "d/b c+ä": "22", "e": ""}, began)
		out := []string{c.call("sync", c.folder+"/src", c.uri("p")), c.call("sync", c.folder+"/src", c.uri("p"))}
		out = append(out, c.call("sync", c.uri("p"), c.folder+"/dst"), c.call("sync", c.uri("p"), c.folder+"/dst"), fmt.Sprint(tree(c.T, c.folder+"/dst")))
		require.NoError(c, os.Remove(c.folder+"/src/a"))
		out = append(out, c.call("sync", c.folder+"/src", c.uri("p"), opts("delete", true)), c.list(), c.call("sync", c.uri("p"), c.uri("q")), c.list())
		return strings.Join(out, "\n")
	}, `{"bytes":3,"copied":3,"removed":0,"unchanged":0,"unverified":0}
{"bytes":0,"copied":0,"removed":0,"unchanged":3,"unverified":0}
{"bytes":3,"copied":3,"removed":0,"unchanged":0,"unverified":0}
{"bytes":0,"copied":0,"removed":0,"unchanged":3,"unverified":0}
map[a:1 d/b c+ä:22 e:]
{"bytes":0,"copied":0,"removed":1,"unchanged":2,"unverified":0}
p/d/b c+ä p/e
{"bytes":2,"copied":2,"removed":0,"unchanged":0,"unverified":0}
p/d/b c+ä p/e q/d/b c+ä q/e`},
	{"an upload that a run left which died", func(c *customer) string {
		text := strings.Repeat("0123456789abcdef", (2*partSize+4096)/16)
		write(c.T, c.folder+"/src", map[string]string{"big": text}, began)
		id := c.begun(c.bucket, "p/big", types.ChecksumAlgorithmCrc32, map[int32]string{2: text[partSize : 2*partSize]})
		l, err := c.cfg.connect()
		require.NoError(c, err)
		e := errand{to: location{c.bucket, "p/big"}}
		u, err := mover{l: l}.unfinished(c.Context(), stored{machine: local.New(), path: c.folder + "/src/big", size: int64(len(text))}, e)
		require.NoError(c, err)
		return fmt.Sprint(*u.id == id, " ", u.parts[0].PartNumber == nil, " ", u.parts[1].PartNumber != nil, " ", c.call("sync", c.folder+"/src", c.uri("p")), " ",
			len(c.uploads(c.bucket)), " ", c.stored(c.bucket, "p/big") == hashOfText(text))
	}, `true true true {"bytes":16781312,"copied":1,"removed":0,"unchanged":0,"unverified":0} 0 true`},
	{"a copy in parts has what a copy by one request has", func(c *customer) string {
		const part = 5 << 20
		text := strings.Repeat("0123456789abcdef", (5*part+4096)/16)
		l, err := c.cfg.connect()
		require.NoError(c, err)
		var out []string
		for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmSha256} {
			_, err = l.client.PutObject(c.Context(), &s3.PutObjectInput{
				Bucket: &c.bucket, Key: aws.String("a"), Body: strings.NewReader(text), ContentType: aws.String("text/plain"), Metadata: map[string]string{"ticket": "INC-7"},
				CacheControl: aws.String("no-cache"), ContentDisposition: aws.String("attachment"), ContentLanguage: aws.String("de"), ContentEncoding: aws.String("gzip"),
				Expires: aws.Time(later), Tagging: aws.String("a%2Bb=c&d/%C3%A4=%3D"), ChecksumAlgorithm: algorithm,
			})
			require.NoError(c, err)
			from := source{location{c.bucket, "a"}, int64(len(text)), textOf(c.read("head", c.uri("a")).(object), fieldETag)}
			b := &binding{Config: c.cfg}
			m := b.mover(l, progressOf(c.Context(), 0))
			for i, as := range []properties{{}, {contentType: "text/csv"}} {
				one, parts := fmt.Sprintf("%s-%d", algorithm, i), fmt.Sprintf("%s-%d-parts", algorithm, i)
				m.largest = largestCopy
				_, err = m.copyWithin(c.Context(), from, errand{to: location{c.bucket, one}, as: as})
				require.NoError(c, err)
				m.largest = 5 * part
				etag, err := m.copyWithin(c.Context(), from, errand{to: location{c.bucket, parts}, as: as})
				require.NoError(c, err)
				require.True(c, partedETag.MatchString(strings.Trim(etag, `"`)), etag)
				require.Equal(c, c.beside(one), c.beside(parts))
				require.Equal(c, hashOfText(text), c.stored(c.bucket, parts))
				out = append(out, c.beside(parts))
			}
		}
		return strings.Join(out[:2], "\n") + fmt.Sprint(" ", c.uploads(c.bucket))
	}, `text/plain map[ticket:INC-7] no-cache attachment de gzip Tue, 24 Nov 2026 02:00:00 GMT [a+b=c d/ä==]
text/csv map[] - - - - - [a+b=c d/ä==] []`},
	{"remove what was listed", func(c *customer) string {
		for _, key := range []string{"a", "b", "c"} {
			c.do("put", c.uri(key), key)
		}
		return c.call("delete", c.read("list", c.uri(""), opts("exclude", []any{"b"}))) + " " + c.list()
	}, `{"bytes":2,"removed":2} b`},
	{"an address that is signed", func(c *customer) string {
		c.do("put", c.uri("a"), "hello")
		secret := c.read("presign", c.uri("a"), opts("expires", "1m")).(action.Secret)
		return fetched(c.T, secret.Reveal())
	}, "200 hello"},
}

func (d *driver) predicted(name string, values ...any) (action.Action, action.Prediction) {
	d.Helper()
	a := d.action(name, values...)
	p, err := a.Predict(d.Context(), nobody)
	require.NoError(d, err)
	return a, p
}

// beside is what an object has beside its content.
func (c *customer) beside(key string) string {
	c.Helper()
	l, err := c.cfg.connect()
	require.NoError(c, err)
	head, err := l.client.HeadObject(c.Context(), &s3.HeadObjectInput{Bucket: &c.bucket, Key: &key})
	require.NoError(c, err)
	out, err := l.client.GetObjectTagging(c.Context(), &s3.GetObjectTaggingInput{Bucket: &c.bucket, Key: &key})
	require.NoError(c, err)
	var tags []string
	for _, tag := range out.TagSet {
		tags = append(tags, *tag.Key+"="+*tag.Value)
	}
	slices.Sort(tags)
	said := []string{aws.ToString(head.ContentType), fmt.Sprint(head.Metadata)}
	for _, value := range []*string{head.CacheControl, head.ContentDisposition, head.ContentLanguage, head.ContentEncoding, head.ExpiresString} {
		said = append(said, cmp.Or(aws.ToString(value), "-"))
	}
	return strings.Join(said, " ") + " " + fmt.Sprint(tags)
}

// conform goes through the table with a store.
func conform(t *testing.T, open func(t *testing.T, bucket string) *driver, client func() (*s3.Client, error)) {
	for i, one := range conformance {
		t.Run(one.name, func(t *testing.T) {
			bucket := fmt.Sprintf("runbook-s3-%d-%d", time.Now().UnixMilli(), i)
			d := open(t, bucket)
			if client != nil {
				made, err := client()
				require.NoError(t, err)
				_, err = made.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, clearAway(context.WithoutCancel(t.Context()), made, bucket)) })
			}
			require.Equal(t, one.want, one.do(&customer{d, bucket, t.TempDir()}))
		})
	}
}

// clearAway removes a bucket with everything in it.
func clearAway(ctx context.Context, client *s3.Client, bucket string) error {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	var errs []error
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: o.Key})
			errs = append(errs, err)
		}
	}
	_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
	return errors.Join(append(errs, err)...)
}

func TestConformance(t *testing.T) {
	conform(t, func(t *testing.T, bucket string) *driver {
		return drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{bucket: {}}})
	}, nil)
}
