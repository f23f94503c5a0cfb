package s3

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/world/scenario"
)

// An answer that is lost of a write that was made is no conflict with oneself.
func TestASyncUpWhoseAnswersAreLost(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "1", "b": "22", "big": strings.Repeat("x", 2*partSize)}, later)
	for _, made := range []bool{false, true} {
		for _, call := range []string{"put objects", "post uploads"} {
			for _, answer := range []string{"cut", "500"} {
				d := drive(t, with(nil), scenario.Fault{On: call, Answer: answer, Done: made, Times: 2})
				require.Equal(t, done(3, 3+2*partSize, 0, 0), d.do("sync", folder, "s3://box"), "%s %s made=%v", call, answer, made)
				require.Equal(t, done(0, 0, 0, 3), d.do("sync", folder, "s3://box"))
				require.Empty(t, d.uploads("box"))
			}
		}
	}
}

// What is said in the place of an answer, by a store that broke or by something in between, tells nothing of whether a write was made; a store that
// asks to come again later made none.
func TestAWriteThatIsAnsweredByAnError(t *testing.T) {
	for answer, code := range map[string]action.Code{
		"500": action.CodeUncertain, "502": action.CodeUncertain, "504": action.CodeUncertain, "503": action.CodeThrottled, "429": action.CodeThrottled,
	} {
		d := drive(t, with(map[string]string{"from": "hello"}), scenario.Fault{On: "put objects", Answer: answer}, scenario.Fault{On: "copy objects", Answer: answer},
			scenario.Fault{On: "delete objects", Answer: answer})
		for _, call := range [][]any{{"put", "s3://box/a", "hello"}, {"copy", "s3://box/from", "s3://box/b"}, {"delete", "s3://box/from"}} {
			a, predicted := d.predicted(call[0].(string), call[1:]...)
			_, err := a.Apply(t.Context(), predicted)
			require.Equal(t, code, d.fails(err).Code, "%s %v", answer, call)
		}
	}
}

// A sync in the store whose answers are lost, or are none, is no conflict with itself.
func TestASyncWithinWhoseAnswersAreLost(t *testing.T) {
	for _, answer := range []string{"cut", "500"} {
		for _, made := range []bool{false, true} {
			d := drive(t, with(map[string]string{"p/a": "1", "p/b": "22"}), scenario.Fault{On: "copy objects", Answer: answer, Done: made, Times: 2})
			require.Equal(t, done(2, 3, 0, 0), d.do("sync", "s3://box/p", "s3://box/q"), "%s made=%v", answer, made)
			require.Equal(t, "22", d.read("get", "s3://box/q/b"))
		}
	}
	d := drive(t, with(map[string]string{"p/a": "ours"}), scenario.Fault{On: "copy objects", Answer: "cut"})
	a, predicted := d.predicted("sync", "s3://box/p", "s3://box/q")
	_, err := a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	d.do("put", "s3://box/q/a", "them")
	_, err = a.Apply(t.Context(), predicted)
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
	require.Equal(t, "them", d.read("get", "s3://box/q/a"))
}

// Something else in its place is a conflict, also after a lost answer.
func TestALostAnswerHidesNobodyElse(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "ours"}, later)
	d := drive(t, with(nil), scenario.Fault{On: "put objects", Answer: "cut"})
	a, predicted := d.predicted("sync", folder, "s3://box")
	_, err := a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	d.do("put", "s3://box/a", "them")
	_, err = a.Apply(t.Context(), predicted)
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
	require.Equal(t, "them", d.read("get", "s3://box/a"))
}

// bigFile is a folder with a file of five parts.
func bigFile(t *testing.T) (folder, text string) {
	t.Helper()
	folder = t.TempDir()
	var b strings.Builder
	for i := range 5 {
		b.WriteString(strings.Repeat(string(rune('a'+i)), partSize))
	}
	text = b.String()[:4*partSize+1000]
	write(t, folder, map[string]string{"big": text}, later)
	return folder, text
}

// oneByOne is a driver that sends one thing at a time.
func (d *driver) oneByOne() *driver {
	d.cfg.AtOnce = 1
	d.m = New(d.cfg)
	return d
}

// What a store refuses for the moment begins no large upload again: the parts that are there are not sent twice.
func TestAnUploadInPartsGoesOn(t *testing.T) {
	folder, text := bigFile(t)
	d := drive(t, with(nil), scenario.Fault{On: "put uploads", Answer: "500", Skip: 3, Times: 1}).oneByOne()
	d.do("sync", folder, "s3://box")
	require.Equal(t, 1, count(d.sent.all, "POST /box/big uploads"))
	require.Equal(t, 6, count(d.sent.all, "PUT /box/big"), "one of them twice")
	require.Empty(t, d.uploads("box"))
	require.Equal(t, hashOfText(text), d.stored("box", "big"))
}

// stored is the hash of what is in an object.
func (d *driver) stored(bucket, key string) string {
	d.Helper()
	folder := d.TempDir()
	d.do("copy", scheme+bucket+"/"+key, folder+"/x")
	text, err := os.ReadFile(folder + "/x")
	require.NoError(d, err)
	return hashOfText(string(text))
}

// begun is an upload that a run which died left behind, with some parts.
func (d *driver) begun(bucket, key string, algorithm types.ChecksumAlgorithm, parts map[int32]string) string {
	d.Helper()
	l, err := d.cfg.connect()
	require.NoError(d, err)
	begun, err := l.client.CreateMultipartUpload(d.Context(), &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ChecksumAlgorithm: algorithm, ChecksumType: types.ChecksumTypeFullObject,
	})
	require.NoError(d, err)
	for n, text := range parts {
		_, err := l.client.UploadPart(d.Context(), &s3.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(n), Body: strings.NewReader(text), ChecksumAlgorithm: algorithm,
		})
		require.NoError(d, err)
	}
	return *begun.UploadId
}

// A run that was killed leaves an upload behind; the next one goes on with it if its parts are those of the file, and only then.
func TestAnUploadOfADeadRun(t *testing.T) {
	folder, text := bigFile(t)
	part := func(n int) string { return text[(n-1)*partSize : min(n*partSize, len(text))] }
	for name, c := range map[string]struct {
		algorithm types.ChecksumAlgorithm
		parts     map[int32]string
		sent      int
		left      int
	}{
		"of the same file":   {types.ChecksumAlgorithmCrc32, map[int32]string{1: part(1), 3: part(3), 5: part(5)}, 2, 0},
		"all of it":          {types.ChecksumAlgorithmCrc32, map[int32]string{1: part(1), 2: part(2), 3: part(3), 4: part(4), 5: part(5)}, 0, 0},
		"of another content": {types.ChecksumAlgorithmCrc32, map[int32]string{1: part(1), 2: strings.ToUpper(part(2))}, 5, 1},
		"of a longer file":   {types.ChecksumAlgorithmCrc32, map[int32]string{5: part(1)}, 5, 1},
		"with no part":       {types.ChecksumAlgorithmCrc32, nil, 5, 1},
		"with properties":    {types.ChecksumAlgorithmCrc64nvme, map[int32]string{1: part(1)}, 5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, with(nil))
			d.begun("box", "big", c.algorithm, c.parts)
			before := count(d.sent.all, "PUT /box/big")
			require.Equal(t, done(1, len(text), 0, 0), d.do("sync", folder, "s3://box"))
			require.Equal(t, c.sent, count(d.sent.all, "PUT /box/big")-before)
			require.Len(t, d.uploads("box"), c.left, "whose it is, and whether somebody goes on with it, is not known")
			require.Equal(t, hashOfText(text), d.stored("box", "big"))
		})
	}
}

// An upload that is given up while it is under way is begun anew, and one that somebody else completed is complete.
func TestAnUploadThatIsGone(t *testing.T) {
	folder, text := bigFile(t)
	d := drive(t, with(nil), scenario.Fault{On: "post uploads", Answer: "404", Message: "NoSuchUpload: The specified multipart upload does not exist."})
	require.Equal(t, done(1, len(text), 0, 0), d.do("sync", folder, "s3://box"))
	require.Equal(t, hashOfText(text), d.stored("box", "big"))
}

// Who is interrupted leaves an upload that the next run goes on with; who may not list uploads leaves none.
func TestAnUploadThatIsInterrupted(t *testing.T) {
	folder, _ := bigFile(t)
	for _, c := range []struct {
		faults []scenario.Fault
		left   int
	}{{nil, 1}, {[]scenario.Fault{{On: "list uploads", Answer: "403"}}, 0}} {
		d := drive(t, with(nil), append(c.faults, scenario.Fault{On: "put uploads", Answer: "429", Skip: 2, Times: -1})...).oneByOne()
		a, predicted := d.predicted("sync", folder, "s3://box")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		_, err := a.Apply(ctx, predicted)
		require.True(t, d.fails(err).Retryable)
		require.Len(t, d.uploads("box"), c.left)
		if c.left == 1 {
			require.Contains(t, d.fails(err).Partly, "what the store has of big is kept: the next attempt goes on with it")
		}
	}
}
