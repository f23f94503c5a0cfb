package s3

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/machine"
)

const (
	helloMD5   = "5d41402abc4b2a76b9719d911017c592"
	helloCRC32 = "NhCmhg=="
)

func TestVerifier(t *testing.T) {
	q := question{purpose: "read it"}
	for name, c := range map[string]struct {
		known sums
		part  int64
		none  bool
	}{
		"crc32":              {known: sums{"CRC32", helloCRC32, false, ""}},
		"crc32c":             {known: sums{"CRC32C", "mnG7TA==", false, ""}},
		"crc64nvme":          {known: sums{"CRC64NVME", "M3eFcAZSQlc=", false, ""}},
		"sha1":               {known: sums{"SHA1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", false, ""}},
		"sha256":             {known: sums{"SHA256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", false, ""}},
		"etag":               {known: sums{etag: helloMD5}},
		"etag of parts":      {known: sums{etag: partsOf(2)}, part: 2},
		"etag of all parts":  {known: sums{etag: partsOf(5)}, part: 5},
		"parts, not known":   {known: sums{etag: partsOf(2)}, none: true},
		"unknown":            {known: sums{"BLAKE9", "x", false, "something"}, none: true},
		"nothing":            {none: true},
		"sums, not of parts": {known: sums{"CRC32", "x-2", true, ""}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(c.known, c.part)
			if c.none {
				require.Nil(t, v)
				return
			}
			for _, some := range []string{"h", "ell", "o"} {
				_, _ = v.Write([]byte(some))
			}
			require.NoError(t, v.check(q))
			v = newVerifier(c.known, c.part)
			_, _ = v.Write([]byte("jello"))
			err := v.check(q)
			require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
			require.ErrorContains(t, err, "cannot read it: what came is not what is stored: its ")
		})
	}
}

// partsOf is the ETag of hello, uploaded in parts of a size.
func partsOf(size int) string {
	whole := newHash(md5Sum)
	n := 0
	for text := "hello"; text != ""; n++ {
		part := newHash(md5Sum)
		some := text[:min(size, len(text))]
		_, _ = part.Write([]byte(some))
		_, _ = whole.Write(part.Sum(nil))
		text = text[len(some):]
	}
	return fmt.Sprintf("%x-%d", whole.Sum(nil), n)
}

// A store, or a way to one, that damages what it gives.
func TestWhatIsDamagedIsNotTaken(t *testing.T) {
	for name, headers := range map[string]map[string]string{
		"a checksum":      {"X-Amz-Checksum-Crc32": helloCRC32, "X-Amz-Checksum-Type": "FULL_OBJECT", "ETag": `"other"`},
		"an ETag":         {"ETag": `"` + helloMD5 + `"`},
		"a short content": {"ETag": `"none"`, "Short": "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
				for name, value := range headers {
					w.Header().Set(name, value)
				}
				w.Header().Set("Last-Modified", "Tue, 24 Nov 2026 03:00:00 GMT")
				text := "jello"
				if r.Method == http.MethodGet && headers["Short"] != "" {
					text = "jel"
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(text)))
				if r.Method == http.MethodGet {
					_, _ = w.Write([]byte(text))
				}
			})
			folder := t.TempDir()
			_, err := d.try("copy", "s3://box/a", folder+"/a")
			e := d.fails(err)
			require.Equal(t, action.CodeUnavailable, e.Code, e.Message)
			require.True(t, e.Retryable)
			require.Empty(t, tree(t, folder))
			if headers["Short"] == "" {
				require.Contains(t, e.Message, "what came is not what is stored")
				_, err = d.see(nobody, "get", "s3://box/a")
				require.Contains(t, d.fails(err).Message, "what came is not what is stored")
			}
		})
	}
}

// storeThat is a driver of a store that answers so.
func storeThat(t *testing.T, answer http.HandlerFunc) driver {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	cfg := Config{
		Access:   func() Access { return Access{Endpoint: server.URL, Region: "r", PathStyle: true, Keys: Keys{"a", "b"}} },
		Machines: machine.Set[files.System]{Local: local.New()}, WrapTransport: closing(t),
	}
	return driver{T: t, m: New(cfg), cfg: cfg}
}

// An ETag of what is encrypted with keys of the store is no hash of it.
func TestAnETagThatIsNoHash(t *testing.T) {
	d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+strings.Repeat("0", 32)+`"`)
		w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
		w.Header().Set("Content-Length", "5")
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("hello"))
		}
	})
	value, err := d.try("copy", "s3://box/a", t.TempDir()+"/a")
	require.NoError(t, err)
	require.Equal(t, false, value.(object)["verified"])
	require.Equal(t, "hello", d.read("get", "s3://box/a"))
}

// Nor is it one of what is read in parts.
func TestAnETagOfALargeObjectThatIsNoHash(t *testing.T) {
	text := strings.Repeat("x", partSize+5)
	for _, etag := range []string{strings.Repeat("0", 32), strings.Repeat("0", 32) + "-2"} {
		d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"`+etag+`"`)
			w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
			http.ServeContent(w, r, "", began, strings.NewReader(text))
		})
		folder := t.TempDir()
		value, err := d.try("copy", "s3://box/a", folder+"/a")
		require.NoError(t, err)
		require.Equal(t, false, value.(object)["verified"])
		require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["a"]))
	}
}

// A store that does not mind which part is asked for does not put a file together wrongly.
func TestAStoreThatMindsNoRange(t *testing.T) {
	text := strings.Repeat("x", partSize+5)
	d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"none"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(text))
		}
	})
	folder := t.TempDir()
	_, err := d.try("copy", "s3://box/a", folder+"/a")
	require.Contains(t, d.fails(err).Message, "gives another part of it than was asked for")
	require.Empty(t, tree(t, folder))
}

// What was put is known again by its checksum where the ETag is none.
func TestATextThatTheStoreEncrypts(t *testing.T) {
	d := storeThat(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"`+strings.Repeat("0", 32)+`"`)
		w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
		w.Header().Set("X-Amz-Checksum-Crc32", helloCRC32)
		w.Header().Set("X-Amz-Checksum-Type", "FULL_OBJECT")
		w.Header().Set("Content-Type", textType)
		w.Header().Set("Content-Length", "5")
	})
	for text, want := range map[string]action.Settlement{"hello": action.Done, "jello": action.Unknown} {
		a, predicted := d.predicted("put", "s3://box/a", text)
		require.Equal(t, want == action.Done, predicted.Unchanged)
		settled, err := a.Settle(t.Context(), action.Intent{Evidence: action.Evidence{Old: map[string]any{fieldETag: "before"}}})
		require.NoError(t, err)
		require.Equal(t, want, settled)
	}
}
