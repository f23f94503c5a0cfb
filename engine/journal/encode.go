package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// EncodeResult writes a value as JSON, without a newline at its end. Raw JSON is copied as it stands and a list of raw JSON
// item by item, so that a list of ten thousand objects is never held a second time.
func EncodeResult(w io.Writer, value any) error {
	switch v := value.(type) {
	case json.RawMessage:
		_, err := w.Write(orNull(v))
		return err
	case []json.RawMessage:
		return encodeList(w, v)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // people read journals too
	if err := enc.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return err
}

// listBuffer is large enough for several objects, so that not each of ten thousand is written to the disk by itself.
const listBuffer = 64 << 10

func encodeList(w io.Writer, items []json.RawMessage) error {
	b := bufio.NewWriterSize(w, listBuffer) // it remembers the first error, so only Flush needs asking
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(orNull(item))
	}
	b.WriteByte(']')
	return b.Flush()
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
