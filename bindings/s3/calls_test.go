package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/overlay"
	"runbook/engine/world/s3"
	"runbook/engine/world/scenario"
)

func keys(list any) (out []string) {
	for _, o := range list.([]any) {
		out = append(out, textOf(o.(object), fieldKey))
	}
	return out
}

func TestBuckets(t *testing.T) {
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"one": {}, "two": {}}})
	require.Equal(t, []any{
		object{"name": "one", "uri": "s3://one/", "created": seconds(began.Add(-24 * time.Hour))},
		object{"name": "two", "uri": "s3://two/", "created": seconds(began.Add(-24 * time.Hour))},
	}, d.read("buckets"))
}

func TestList(t *testing.T) {
	d := drive(t, with(map[string]string{"a/1": "x", "a/2.tmp": "xx", "ab": "", "b/c/3": "xxx", "ä +&?": "x"}))
	require.Equal(t, []string{"a/1", "a/2.tmp", "ab", "b/c/3", "ä +&?"}, keys(d.read("list", "s3://box")))
	require.Equal(t, []string{"a/1", "a/2.tmp", "ab"}, keys(d.read("list", "s3://box/a")))
	require.Equal(t, []string{"a/", "ab", "b/", "ä +&?"}, keys(d.read("list", "s3://box/", opts("folders", true))))
	require.Equal(t, []string{"b/c/"}, keys(d.read("list", "s3://box/b/", opts("folders", true))))
	require.Equal(t, []string{"a/1", "a/2.tmp"}, keys(d.read("list", "s3://box", opts("limit", 2.0))))
	require.Equal(t, []string{"2.tmp"}, names(d.read("list", "s3://box/a/", opts("include", []any{"*.tmp"})), "a/"))
	require.Equal(t, []string{"a/1", "ab", "b/c/3", "ä +&?"}, keys(d.read("list", "s3://box", opts("exclude", []any{"*.tmp"}))))
	require.Equal(t, []any{}, d.read("list", "s3://box/none"))
	require.Equal(t, object{
		"uri": "s3://box/a/2.tmp", "bucket": "box", "key": "a/2.tmp", "size": 2.0, "modified": seconds(began.Add(-24 * time.Hour)),
		"etag": "9336ebf25087d91c818ee6e9ec29f8c1", "storage_class": "STANDARD",
	}, d.read("list", "s3://box/a/2").([]any)[0])
	folder := d.read("list", "s3://box/", opts("folders", true)).([]any)[0]
	require.Equal(t, object{"uri": "s3://box/a/", "bucket": "box", "key": "a/", "folder": true}, folder)
}

func names(list any, prefix string) (out []string) {
	for _, key := range keys(list) {
		out = append(out, strings.TrimPrefix(key, prefix))
	}
	return out
}

func TestListIsReadPageByPage(t *testing.T) {
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "n/{n}", Count: 2500}}}}})
	require.Len(t, d.read("list", "s3://box/n/"), 2500)
	require.Len(t, d.sent.all, 3)
	require.Len(t, d.read("list", "s3://box/n/", opts("limit", 10.0)), 10)
	require.Len(t, d.sent.all, 4, "no more pages than are wanted")
}

func TestHeadAndGet(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "hello"}))
	require.Equal(t, object{
		"uri": "s3://box/a", "bucket": "box", "key": "a", "size": 5.0, "modified": seconds(began.Add(-24 * time.Hour)),
		"etag": "5d41402abc4b2a76b9719d911017c592", "storage_class": "STANDARD", "content_type": "binary/octet-stream", "metadata": object{},
		"checksum": object{"algorithm": "CRC64NVME", "value": "M3eFcAZSQlc=", "of_parts": false},
	}, d.read("head", "s3://box/a"))
	require.Nil(t, d.read("head", "s3://box/none"))
	require.Equal(t, "hello", d.read("get", "s3://box/a"))
	_, err := d.see(nobody, "get", "s3://box/none")
	e := d.fails(err)
	require.Equal(t, action.CodeNotFound, e.Code)
	require.Equal(t, "cannot read s3://box/none: there is no such object", e.Message)
	require.Equal(t, `see what is there: s3.list("s3://box/")`, e.Hint)
	_, err = d.see(nobody, "get", "s3://box/a", opts("max_bytes", 4.0))
	require.ErrorContains(t, d.fails(err), "it has 5 B, and at most 4 B are read as text")
	_, err = d.see(nobody, "head", "s3://nowhere/a")
	require.EqualError(t, d.fails(err), "cannot look at s3://nowhere/a: there is no bucket nowhere")
	require.Empty(t, d.sent.writes())
}

func TestWhatIsNoTextIsNotReadAsOne(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "\xff\xfe"}))
	_, err := d.see(nobody, "get", "s3://box/a")
	require.ErrorContains(t, d.fails(err), "it is no text")
}

func TestWrongURIs(t *testing.T) {
	d := drive(t, with(nil))
	for uri, want := range map[string]string{
		"box/a":   `s3.head: "box/a" is no URI of an object store: write s3://bucket/key`,
		"s3://":   `s3.head: "s3://" names no bucket: write s3://bucket/key`,
		"s3:///a": `s3.head: "s3:///a" names no bucket: write s3://bucket/key`,
		"s3://b":  `s3.head: "s3://b" names no object: write s3://bucket/key`,
		"s3://b/": `s3.head: "s3://b/" names no object: write s3://bucket/key`,
		"s3://*":  `s3.head: "s3://*": the name of a bucket has no pattern`,
	} {
		_, err := d.see(nobody, "head", uri)
		require.EqualError(t, d.fails(err), want)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	}
	require.Empty(t, d.sent.all)
}

func TestPut(t *testing.T) {
	d := drive(t, with(map[string]string{"old": "before"}))
	out := d.do("put", "s3://box/new", "hello", opts("content_type", "text/plain", "metadata", map[string]any{"ticket": "INC-7"})).(object)
	require.Equal(t, "5d41402abc4b2a76b9719d911017c592", out["etag"])
	require.Equal(t, object{"ticket": "INC-7"}, d.read("head", "s3://box/new").(object)["metadata"])
	require.Equal(t, "hello", d.read("get", "s3://box/new"))
	d.do("put", "s3://box/old", "after")
	require.Equal(t, "after", d.read("get", "s3://box/old"))

	before := len(d.sent.writes())
	same := d.action("put", "s3://box/old", "after")
	predicted, err := same.Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.True(t, predicted.Unchanged)
	require.Len(t, d.sent.writes(), before)
}

// What is there is replaced only if it is what was seen.
func TestPutIsNoLostUpdate(t *testing.T) {
	d := drive(t, with(map[string]string{"old": "before"}))
	for uri, meanwhile := range map[string]string{"s3://box/old": "theirs", "s3://box/new": "theirs"} {
		a := d.action("put", uri, "ours")
		predicted, err := a.Predict(t.Context(), nobody)
		require.NoError(t, err)
		d.do("put", uri, meanwhile)
		_, err = a.Apply(t.Context(), predicted)
		e := d.fails(err)
		require.Equal(t, action.CodeConflict, e.Code)
		require.Equal(t, "cannot put "+uri+": the object has changed since it was looked at", e.Message)
		require.Equal(t, "theirs", d.read("get", uri))
	}
	a := d.action("put", "s3://box/old", "ours")
	predicted, err := a.Predict(t.Context(), nobody)
	require.NoError(t, err)
	d.do("delete", "s3://box/old")
	_, err = a.Apply(t.Context(), predicted)
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
}

func TestPutSettles(t *testing.T) {
	d := drive(t, with(map[string]string{"old": "before"}))
	a := d.action("put", "s3://box/old", "ours")
	predicted, err := a.Predict(t.Context(), nobody)
	require.NoError(t, err)
	settle := func() action.Settlement {
		s, err := a.Settle(t.Context(), action.Intent{Description: a.Describe(), Evidence: predicted.Evidence, Sent: began})
		require.NoError(t, err)
		return s
	}
	require.Equal(t, action.NotDone, settle())
	_, err = a.Apply(t.Context(), predicted)
	require.NoError(t, err)
	require.Equal(t, action.Done, settle())
	d.do("put", "s3://box/old", "theirs")
	require.Equal(t, action.Unknown, settle())
}

func TestDelete(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "1", "b": "22", "c": "333"}))
	require.Equal(t, object{"removed": 1.0, "bytes": 1.0}, d.do("delete", "s3://box/a"))
	require.Equal(t, object{"removed": 0.0, "bytes": 0.0}, d.do("delete", "s3://box/a"), "it is gone already")
	require.Equal(t, object{"removed": 2.0, "bytes": 5.0}, d.do("delete", d.read("list", "s3://box")))
	require.Equal(t, []any{}, d.read("list", "s3://box"))
	f, args := d.bind("delete", []any{"s3://box/a", "s3://other/b"})
	_, err := f.Act(args)
	require.ErrorContains(t, d.fails(err), "the objects are in two buckets, box and other")
	f, args = d.bind("delete", []any{})
	_, err = f.Act(args)
	require.ErrorContains(t, d.fails(err), "the list is empty")
}

// A set that was planned is frozen, and what is another one by now is not removed.
func TestDeleteOfASet(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "1", "b": "2", "c": "3"}))
	listed := d.read("list", "s3://box")
	a := d.action("delete", listed).(action.Narrower)
	set, _ := a.Describe().Arg(setArg)
	require.Equal(t, []string{"a", "b", "c"}, set)
	require.Equal(t, action.Destructive, a.Describe().Risk)
	narrow := a.Narrow([]string{"a", "b"})
	predicted, err := narrow.Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.Equal(t, "2 objects, 2 B", predicted.Note)
	d.do("put", "s3://box/b", "another")
	_, err = narrow.Apply(t.Context(), predicted)
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
	require.Equal(t, []string{"b", "c"}, keys(d.read("list", "s3://box")))
	_, err = d.action("delete", listed).Predict(t.Context(), nobody)
	require.ErrorContains(t, d.fails(err), "cannot remove s3://box/b: it has changed since it was listed")
}

// What consoles make to show a folder is removed as it was listed; a name that ends as that of a folder may be meant for all that is in it.
func TestDeleteOfFoldersOfConsoles(t *testing.T) {
	d := drive(t, with(map[string]string{"old/": "", "old/a": "1"}))
	f, args := d.bind("delete", "s3://box/old/")
	_, err := f.Act(args)
	require.ErrorContains(t, d.fails(err), "names no object")
	f, args = d.bind("delete", d.read("list", "s3://box", opts("folders", true)))
	_, err = f.Act(args)
	require.ErrorContains(t, d.fails(err), "names no object")
	require.Equal(t, object{"removed": 2.0, "bytes": 1.0}, d.do("delete", d.read("list", "s3://box/old/")))
	require.Equal(t, []any{}, d.read("list", "s3://box"))
}

// What was removed of many is told, also when another request fails, and what somebody else removed meanwhile is removed.
func TestDeleteOfManyThatFails(t *testing.T) {
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "p/{n}", Count: atOnceRemoved + 2, Content: "x"}}}}},
		scenario.Fault{On: "delete objects", Answer: "403", Skip: 1})
	a, predicted := d.predicted("delete", d.read("list", "s3://box/p/"))
	_, err := a.Apply(t.Context(), predicted)
	require.Equal(t, "1000 of 1002 objects were removed", d.fails(err).Partly)
	_, err = a.Apply(t.Context(), predicted)
	require.NoError(t, err)
}

// A sync that removed something and whose answer was lost is no conflict with itself.
func TestASyncWhoseRemovalsAnswerIsLost(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1", "p/b": "2", "p/c": "3"}), scenario.Fault{On: "delete objects", Answer: "cut", Done: true})
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "1"}, before)
	require.Equal(t, done(0, 0, 2, 1), d.do("sync", folder, "s3://box/p", opts("delete", true)))
	require.Equal(t, []string{"p/a"}, keys(d.read("list", "s3://box")))
}

func TestCopy(t *testing.T) {
	d := drive(t, with(map[string]string{"a b+c/ä": "hello"}))
	folder := t.TempDir()
	out := d.do("copy", "s3://box/a b+c/ä", folder+"/x/file").(object)
	require.EqualValues(t, 5, sizeIn(out))
	require.Equal(t, true, out["verified"])
	require.Equal(t, map[string]string{"x/file": "hello"}, tree(t, folder))
	about, err := os.Stat(folder + "/x/file")
	require.NoError(t, err)
	require.True(t, about.ModTime().Equal(began.Add(-24*time.Hour)), "it is as old as its object")
	d.do("copy", folder+"/x/file", "s3://box/up", opts("metadata", map[string]any{"ticket": "INC-7"}))
	require.Equal(t, object{"ticket": "INC-7"}, d.read("head", "s3://box/up").(object)["metadata"])
	d.do("copy", "s3://box/a b+c/ä", "s3://box/within")
	require.Equal(t, "hello", d.read("get", "s3://box/within"))
	for _, c := range []struct{ from, to, want string }{
		{"s3://box/none", folder + "/none", "cannot copy s3://box/none: there is no such object"},
		{folder + "/none", "s3://box/none", "cannot copy " + folder + "/none: there is no such file"},
		{folder + "/x", "s3://box/none", "it is a folder, and no file"},
		{"s3://box/up", folder + "/x", "it is a folder"},
	} {
		_, err := d.try("copy", c.from, c.to)
		require.ErrorContains(t, d.fails(err), c.want)
	}
	for _, c := range []struct {
		from, to, want string
		opts           map[string]any
	}{
		{folder, folder, "one end has to be in an object store", opts()},
		{"s3://box/a", "tmp/x", "is neither s3://bucket/key nor an absolute path", opts()},
		{"s3://box/a", "/tmp/x", `the site has no host "rack-9"`, opts("on", "rack-9")},
		{"s3://box/a", "/tmp/x", "content_type is for what is stored", opts("content_type", "a/b")},
		{"s3://box/", "/tmp/x", "names no object", opts()},
	} {
		f, args := d.bind("copy", c.from, c.to, c.opts)
		_, err := f.Act(args)
		require.ErrorContains(t, d.fails(err), c.want)
	}
}

// A file and an object are replaced only if they are what was seen, and only what was seen is copied.
func TestCopyMindsWhatChanges(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "hello"}))
	path := filepath.Join(t.TempDir(), "file")
	predict := func(from, to string) (action.Action, action.Prediction) {
		a := d.action("copy", from, to)
		predicted, err := a.Predict(t.Context(), nobody)
		require.NoError(t, err)
		return a, predicted
	}
	a, predicted := predict("s3://box/a", path)
	require.NoError(t, os.WriteFile(path, []byte("theirs"), 0o644))
	_, err := a.Apply(t.Context(), predicted)
	require.ErrorContains(t, d.fails(err), "what is there has changed")
	a, predicted = predict("s3://box/a", path)
	d.do("put", "s3://box/a", "another")
	_, err = a.Apply(t.Context(), predicted)
	require.ErrorContains(t, d.fails(err), "it has changed since it was looked at")
	a, predicted = predict(path, "s3://box/up")
	d.do("put", "s3://box/up", "theirs")
	_, err = a.Apply(t.Context(), predicted)
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
	require.Equal(t, "theirs", d.read("get", "s3://box/up"))
}

func TestLargeObjectsGoInParts(t *testing.T) {
	size := 2*partSize + 12345
	text := strings.Repeat("0123456789abcdef", size/16+1)[:size]
	d := drive(t, with(nil))
	folder := t.TempDir()
	write(t, folder, map[string]string{"big": text}, began)
	require.EqualValues(t, size, sizeIn(d.do("copy", folder+"/big", "s3://box/big")))
	head := d.read("head", "s3://box/big").(object)
	require.Regexp(t, "-3$", head["etag"])
	require.Equal(t, "CRC32", head["checksum"].(object)["algorithm"])
	require.Equal(t, true, d.do("copy", "s3://box/big", folder+"/again").(object)["verified"])
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["again"]))
}

// A dry run sees what it would have stored, copied and removed.
func TestTheIntendedStateIsSeen(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "hello", "b": "gone"}))
	state := overlay.New()
	folder := t.TempDir()
	d.rehearse(state, "put", "s3://box/new", "text")
	d.rehearse(state, "delete", "s3://box/b")
	d.rehearse(state, "copy", "s3://box/a", "s3://box/copied")
	d.rehearse(state, "copy", "s3://box/a", folder+"/file")
	d.rehearse(state, "copy", folder+"/file", "s3://box/from-file")
	list, err := d.see(state, "list", "s3://box")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "copied", "from-file", "new"}, keys(list))
	for uri, want := range map[string]string{"s3://box/new": "text", "s3://box/copied": "hello"} {
		text, err := d.see(state, "get", uri)
		require.NoError(t, err)
		require.Equal(t, want, text)
	}
	_, err = d.see(state, "get", "s3://box/b")
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	gone, err := d.see(state, "head", "s3://box/b")
	require.NoError(t, err)
	require.Nil(t, gone)
	made, err := d.see(state, "head", "s3://box/new")
	require.NoError(t, err)
	require.NotContains(t, made, fieldText)
	predicted := d.rehearse(state, "delete", "s3://box/new")
	require.Equal(t, object{"removed": 1.0, "bytes": 4.0}, predicted.Value)
	require.Empty(t, d.sent.writes(), "a prediction sends nothing that writes")
	require.Empty(t, tree(t, folder))
}

func TestPresign(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "hello"}))
	secret, ok := d.read("presign", "s3://box/a", opts("expires", "15m")).(action.Secret)
	require.True(t, ok)
	require.Empty(t, d.sent.all, "nothing is sent for it")
	require.Contains(t, d.secrets.all, secret.Reveal())
	response, err := d.server.Client().Get(secret.Reveal())
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	_, err = d.see(nobody, "presign", "s3://box/a", opts("expires", "8d"))
	require.ErrorContains(t, d.fails(err), "expires must be from a second to seven days")
}

func TestCredentialsAreToldBeforeTheyAreUsed(t *testing.T) {
	d := drive(t, with(nil))
	require.Empty(t, d.secrets.all)
	d.read("list", "s3://box")
	require.Contains(t, d.secrets.all, s3.SecretKey)
}

// sizeIn is how many bytes a result says.
func sizeIn(result any) int64 {
	n, _ := result.(object)["bytes"].(float64)
	return int64(n)
}

// hashOfText stands for a text that is too long to be printed.
func hashOfText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// What is too large for one request keeps what it is said to be, as a copy by one request does.
func TestALargeCopyInTheStore(t *testing.T) {
	said := scenario.StoredObject{Key: "a", Content: "hello", ContentType: "application/x-tar", Metadata: map[string]string{"ticket": "INC-7"}}
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{said}}}})
	l, err := d.cfg.connect()
	require.NoError(t, err)
	m := (&binding{Config: d.cfg}).mover(l, progressOf(t.Context(), 5))
	from := source{location{"box", "a"}, 5, helloMD5}
	for _, c := range []struct {
		as       properties
		typed    string
		metadata object
	}{
		{properties{}, "application/x-tar", object{"ticket": "INC-7"}},
		{properties{metadata: map[string]string{"ticket": "INC-8"}}, "binary/octet-stream", object{"ticket": "INC-8"}},
		{properties{contentType: "text/plain"}, "text/plain", object{}},
	} {
		_, err = m.copyParts(t.Context(), from, errand{location{"box", "b"}, condition{}, c.as})
		require.NoError(t, err)
		inParts := d.read("head", "s3://box/b").(object)
		_, err = m.copyWithin(t.Context(), from, errand{location{"box", "c"}, condition{}, c.as})
		require.NoError(t, err)
		byOne := d.read("head", "s3://box/c").(object)
		for _, got := range []object{inParts, byOne} {
			require.Equal(t, c.typed, got[fieldType])
			require.Equal(t, c.metadata, got[fieldMetadata])
		}
	}
	_, err = m.copyParts(t.Context(), source{location{"box", "a"}, 5, strings.Repeat("0", 32)}, errand{location{"box", "d"}, condition{}, properties{}})
	require.Error(t, err, "it is another one than was listed")
	_, err = m.copyParts(t.Context(), from, errand{location{"box", "b"}, condition{none: aws.String("*")}, properties{}})
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.Empty(t, d.uploads("box"))
	for _, gone := range []errand{{location{"box", "b"}, condition{none: aws.String("*")}, properties{}}, {location{"box", "none"}, condition{match: aws.String(`"x"`)}, properties{}}} {
		_, err = m.copyWithin(t.Context(), from, gone)
		e := d.fails(err)
		require.Equal(t, "cannot copy s3://box/a to "+gone.to.String()+": one of them is not what it was when it was looked at", e.Message)
		require.Equal(t, `look at both again: s3.head("s3://box/a"), s3.head("`+gone.to.String()+`")`, e.Hint)
	}
}
