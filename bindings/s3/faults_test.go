package s3

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/world/scenario"
)

// How each failure of a store reaches a script.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		fault     scenario.Fault
		code      action.Code
		message   string
		hint      string
		retryable bool
	}{
		"forbidden": {scenario.Fault{Answer: "403"}, action.CodeForbidden, "cannot read s3://box/a: AccessDenied: Access Denied.", "the profile simulated needs the permission s3:GetObject", false},
		"gone":      {scenario.Fault{Answer: "404"}, action.CodeNotFound, "cannot read s3://box/a: NoSuchKey: The specified key does not exist.", "", false},
		"too many":  {scenario.Fault{Answer: "429", RetryAfter: 7 * time.Second}, action.CodeThrottled, "cannot read s3://box/a: SlowDown: Please reduce your request rate.", "the store asks to slow down; try again in 7s", true},
		"slow down": {scenario.Fault{Answer: "503"}, action.CodeThrottled, "cannot read s3://box/a: SlowDown: Please reduce your request rate.", "", true},
		"away":      {scenario.Fault{Answer: "503", Message: "ServiceUnavailable: The store is being repaired."}, action.CodeUnavailable, "cannot read s3://box/a: ServiceUnavailable: The store is being repaired.", "", true},
		"broken":    {scenario.Fault{Answer: "500"}, action.CodeUnavailable, "cannot read s3://box/a: InternalError: We encountered an internal error. Please try again.", "", true},
		"expired": {
			scenario.Fault{Answer: "400", Message: "ExpiredToken: The provided token has expired."}, action.CodeUnauth,
			"cannot read s3://box/a: ExpiredToken: The provided token has expired.", "get new credentials for the profile simulated: ", false,
		},
		"another clock": {scenario.Fault{Answer: "403", Message: "RequestTimeTooSkewed: The difference is too large."}, action.CodeUnauth, "cannot read s3://box/a: RequestTimeTooSkewed: The difference is too large.", "set the clock of this machine: date -u shows what it says", false},
		"another region": {
			scenario.Fault{Answer: "400", Message: "AuthorizationHeaderMalformed: the region is wrong"}, action.CodeInvalid,
			"cannot read s3://box/a: AuthorizationHeaderMalformed: the region is wrong", "look at the region: s3.region in the site file, or AWS_REGION", false,
		},
		"not made": {scenario.Fault{Answer: "501"}, action.CodeRejected, "cannot read s3://box/a: HTTP status 501 Not Implemented", "", false},
		"too slow": {scenario.Fault{Answer: "408"}, action.CodeUnavailable, "cannot read s3://box/a: HTTP status 408 Request Timeout", "", true},
		"cut":      {scenario.Fault{Answer: "cut"}, action.CodeUnavailable, "cannot read s3://box/a: the connection to http://127.0.0.1:", "", true},
		"half":     {scenario.Fault{Answer: "half"}, action.CodeUnavailable, "cannot read s3://box/a: the connection to http://127.0.0.1:", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.On = "get objects"
			d := drive(t, with(map[string]string{"a": "hello"}), c.fault)
			_, err := d.see(nobody, "get", "s3://box/a")
			e := d.fails(err)
			require.Equal(t, c.code, e.Code, e.Message)
			require.True(t, strings.HasPrefix(e.Message, c.message), e.Message)
			require.True(t, strings.HasPrefix(e.Hint, c.hint) && (c.hint != "" || e.Hint == ""), e.Hint)
			require.Equal(t, c.retryable, e.Retryable)
			require.Equal(t, location{"box", "a"}.target(), e.Target)
			require.Equal(t, c.fault.RetryAfter, e.After)
			require.Equal(t, "hello", d.read("get", "s3://box/a"), "it goes well again")
		})
	}
}

// A write whose answer is lost is uncertain, and looking tells whether it was made.
func TestALostAnswerOfAWrite(t *testing.T) {
	for _, made := range []bool{false, true} {
		d := drive(t, with(map[string]string{"a": "before"}), scenario.Fault{On: "put objects", Answer: "cut", Done: made})
		a := d.action("put", "s3://box/a", "after")
		predicted, err := a.Predict(t.Context(), nobody)
		require.NoError(t, err)
		_, err = a.Apply(t.Context(), predicted)
		require.Equal(t, action.CodeUncertain, d.fails(err).Code)
		settled, err := a.Settle(t.Context(), action.Intent{Evidence: predicted.Evidence})
		require.NoError(t, err)
		require.Equal(t, map[bool]action.Settlement{false: action.NotDone, true: action.Done}[made], settled)
	}
}

func TestAStoreThatIsAway(t *testing.T) {
	d := drive(t, with(nil))
	d.server.Close()
	_, err := d.see(nobody, "list", "s3://box")
	e := d.fails(err)
	require.Equal(t, action.CodeUnavailable, e.Code)
	require.Contains(t, e.Message, "cannot list s3://box/: the object store does not answer: ")
	require.Equal(t, "look at its address: "+d.server.URL, e.Hint)
	require.True(t, e.Retryable)
}

// many is a prefix of thirty objects.
func many() scenario.S3 {
	return scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "p/{n}", Count: 30, Content: "hello"}}}}}
}

// What of a sync failed for the moment is tried again, and what is whole is not copied twice.
func TestASyncGoesOn(t *testing.T) {
	for _, answer := range []string{"429", "500", "503", "cut", "half"} {
		t.Run(answer, func(t *testing.T) {
			d := drive(t, many(), scenario.Fault{On: "get objects", Answer: answer, Skip: 10, Times: 5})
			folder := t.TempDir()
			require.Equal(t, done(30, 150, 0, 0), d.do("sync", "s3://box/p", folder))
			require.Len(t, tree(t, folder), 30)
			require.Equal(t, 35, count(d.sent.all, "GET /box/p/"), "five of them twice")
		})
	}
}

func count(lines []string, prefix string) (n int) {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// What of a sync can not be copied is told, what was copied stays, and nothing is removed.
func TestASyncThatFailsInPart(t *testing.T) {
	d := drive(t, many(), scenario.Fault{On: "get objects", Name: "p/7", Answer: "403", Times: -1})
	folder := t.TempDir()
	write(t, folder, map[string]string{"extra": "x"}, later)
	_, err := d.try("sync", "s3://box/p", folder, opts("delete", true))
	e := d.fails(err)
	require.Equal(t, action.CodeForbidden, e.Code)
	require.Equal(t, "cannot sync s3://box/p/ to "+folder+": 1 of 30 files could not be copied, and nothing was removed; the first is 7: "+
		"cannot read s3://box/p/7: AccessDenied: Access Denied.", e.Message)
	require.Equal(t, "29 of 30 files were copied", e.Partly)
	require.False(t, e.Retryable)
	require.Len(t, tree(t, folder), 30, "29 of them, and the other one that would have been removed")
}

// One file that cannot be copied keeps no other one from being tried again.
func TestASyncWithAFailureAndABlip(t *testing.T) {
	d := drive(t, many(), scenario.Fault{On: "get objects", Name: "p/7", Answer: "403", Times: -1}, scenario.Fault{On: "get objects", Name: "p/8", Answer: "500"})
	folder := t.TempDir()
	_, err := d.try("sync", "s3://box/p", folder)
	e := d.fails(err)
	require.Equal(t, action.CodeForbidden, e.Code)
	require.False(t, e.Retryable)
	require.Equal(t, "29 of 30 files were copied", e.Partly)
	require.Equal(t, 1, count(d.sent.all, "GET /box/p/7"))
}

// When it is known to be no use, a sync does not ask for everything.
func TestASyncWhoseCredentialsAreOver(t *testing.T) {
	d := drive(t, many(), scenario.Fault{On: "get objects", Answer: "400", Message: "ExpiredToken: The provided token has expired.", Skip: 3, Times: -1})
	_, err := d.try("sync", "s3://box/p", t.TempDir(), opts("at_once", 2.0))
	e := d.fails(err)
	require.Equal(t, action.CodeUnauth, e.Code)
	require.Contains(t, e.Message, "; others were not begun")
	require.Equal(t, "3 of 30 files were copied", e.Partly)
	require.Less(t, len(d.sent.all), 10)
}

// A sync up stores nothing over what somebody else stored meanwhile.
func TestASyncUpMindsOthers(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "old"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "ours!", "b": "ours!"}, later)
	a := d.action("sync", folder, "s3://box/p")
	predicted, err := a.Predict(t.Context(), nobody)
	require.NoError(t, err)
	d.do("put", "s3://box/p/a", "theirs")
	d.do("put", "s3://box/p/b", "theirs")
	_, err = a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.Equal(t, action.CodeConflict, e.Code)
	require.Contains(t, e.Message, "2 of 2 files could not be copied")
	require.Equal(t, "theirs", d.read("get", "s3://box/p/a"))
}

// large is an object in parts, of which a scenario says no more than its size.
func large() scenario.S3 {
	return scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "big", Size: 40 << 20}}}}}
}

// A large object goes on where it broke: no part of it is read from its beginning.
func TestALargeObjectGoesOnWhereItBroke(t *testing.T) {
	d := drive(t, large(), scenario.Fault{On: "get objects", Answer: "half", Skip: 1, Times: 2})
	path := filepath.Join(t.TempDir(), "big")
	value := d.do("copy", "s3://box/big", path).(object)
	require.EqualValues(t, 40<<20, sizeIn(value))
	require.Equal(t, false, value["verified"], "the store has no checksum of it")
	require.Equal(t, 7, count(d.sent.all, "GET /box/big"), "five parts, two of which broke")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, whole, 40<<20)
	clean := drive(t, large())
	again := filepath.Join(t.TempDir(), "big")
	clean.do("copy", "s3://box/big", again)
	other, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, hashOfText(string(other)), hashOfText(string(whole)), "put together from the right halves")
}

// An object that becomes another one while it is read is not put together from both.
func TestALargeObjectThatChanges(t *testing.T) {
	d := drive(t, large(), scenario.Fault{On: "get objects", Answer: "412", Skip: 2})
	folder := t.TempDir()
	_, err := d.try("copy", "s3://box/big", folder+"/big")
	require.Equal(t, action.CodeConflict, d.fails(err).Code)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left, "not even under another name")
}

// What breaks off leaves nothing, and nothing takes the place of what was there.
func TestAFileAppearsOnlyWhenItIsWhole(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "hello"}), scenario.Fault{On: "get objects", Answer: "half", Times: -1})
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "old"}, before)
	_, err := d.try("copy", "s3://box/a", folder+"/a")
	require.Equal(t, action.CodeUnavailable, d.fails(err).Code)
	require.Equal(t, map[string]string{"a": "old"}, tree(t, folder))
	_, err = d.try("sync", "s3://box", folder)
	require.Equal(t, action.CodeUnavailable, d.fails(err).Code)
	require.Equal(t, map[string]string{"a": "old"}, tree(t, folder))
}

// An upload in parts that fails leaves nothing behind in the store.
func TestAnUploadThatFails(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"big": strings.Repeat("x", 2*partSize)}, later)
	// A refusal that comes while a part is on its way may be lost with the connection.
	for answer, codes := range map[string][]action.Code{
		"403": {action.CodeForbidden, action.CodeUnavailable}, "503": {action.CodeThrottled, action.CodeUnavailable},
	} {
		d := drive(t, with(nil), scenario.Fault{On: "put uploads", Answer: answer, Times: -1})
		_, err := d.try("copy", folder+"/big", "s3://box/big")
		require.Contains(t, codes, d.fails(err).Code, err)
		require.Nil(t, d.read("head", "s3://box/big"))
		require.Positive(t, count(d.sent.all, "DELETE /box/big"), "it is given up")
	}
	d := drive(t, with(nil), scenario.Fault{On: "put uploads", Answer: "cut", Times: 2})
	require.EqualValues(t, 2*partSize, sizeIn(d.do("copy", folder+"/big", "s3://box/big")), "a part whose connection broke is sent again")
}

// A copy and a completion answer before they are made, and say in what they answer that they were not.
func TestAnErrorInAnAnswerThatIsASuccess(t *testing.T) {
	for said, code := range map[string]action.Code{"InternalError": action.CodeUncertain, "SlowDown": action.CodeThrottled} {
		d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodHead && r.URL.Path == "/box/a":
				w.Header().Set("ETag", `"0cc175b9c0f1b6a831c399e269772661"`)
				w.Header().Set("Content-Length", "1")
			case r.Method == http.MethodHead && r.URL.Path == "/box/b":
				w.WriteHeader(http.StatusNotFound)
			case r.Method == http.MethodPut:
				_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n\n<Error><Code>" + said + "</Code><Message>It did not work.</Message></Error>"))
			}
		})
		_, err := d.try("copy", "s3://box/a", "s3://box/b")
		e := d.fails(err)
		require.Equal(t, code, e.Code)
		require.Equal(t, "cannot copy s3://box/a to s3://box/b: "+said+": It did not work.", e.Message)
	}
}

// A bucket of another region is said to be in it, by GET and by HEAD.
func TestABucketOfAnotherRegion(t *testing.T) {
	d := storeThat(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		w.WriteHeader(http.StatusMovedPermanently)
		_, _ = w.Write([]byte(`<Error><Code>PermanentRedirect</Code><Message>The bucket must be addressed using the specified endpoint.</Message><Endpoint>box.s3.eu-west-1.amazonaws.com</Endpoint></Error>`))
	})
	for _, call := range [][]any{{"list", "s3://box"}, {"head", "s3://box/a"}} {
		_, err := d.see(nobody, call[0].(string), call[1:]...)
		e := d.fails(err)
		require.Equal(t, action.CodeInvalid, e.Code, e.Message)
		require.Equal(t, "the bucket is in the region eu-west-1: write it into the site file (s3: {region: eu-west-1})", e.Hint)
	}
}
