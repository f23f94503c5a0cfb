package redact

import (
	"fmt"
	"strings"
	"testing"
)

var (
	log = []byte(strings.Repeat(`{"time":"2026-11-23T23:22:00Z","level":"info","msg":"compiled module",`+
		`"pod":"photon-compiler-7c9f"}`+"\n", 10_000))
	jwt = strings.Repeat("eyJhbGciOiJSUzI1NiIsImtpZCI6Ik", 30)
)

func benchmarkSecrets() *Redactor {
	r := knowing(jwt)
	for i := range 20 {
		r.Add(fmt.Sprintf("correct-horse-battery-%d/staple", i*i*7919))
	}
	return r
}

func BenchmarkLog(b *testing.B) {
	for name, r := range map[string]*Redactor{"none": {}, "one": knowing("hunter2hunter2"), "many": benchmarkSecrets()} {
		b.Run(name+" secrets", func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				r.Bytes(log)
			}
		})
	}
}

func BenchmarkWriterByLine(b *testing.B) {
	w := benchmarkSecrets().Writer(discard{})
	line := log[:100]
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for b.Loop() {
		knowing(jwt)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
