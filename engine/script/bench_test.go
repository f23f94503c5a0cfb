package script

import "testing"

// benchmarkLoop runs a chunk that is given b.N as its argument n.
func benchmarkLoop(b *testing.B, body string) {
	vm := New(b.Context(), Options{Random: func() float64 { return 0 }})
	defer vm.Close()
	vm.enter(vm.state)
	defer vm.leave()
	fn, err := vm.compile(Source{Name: "bench.lua", Text: "return function(n) for i = 1, n do " + body + " end end"})
	if err != nil {
		b.Fatal(err)
	}
	loop, err := vm.call(vm.state, fn)
	if err != nil {
		b.Fatal(err)
	}
	n, err := vm.toLua(b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := vm.call(vm.state, loop, n); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkProtectedCall(b *testing.B) { benchmarkLoop(b, `pcall(math.abs, i)`) }

func BenchmarkProtectedFailure(b *testing.B) { benchmarkLoop(b, `pcall(error, "x")`) }

func BenchmarkCoroutine(b *testing.B) {
	benchmarkLoop(b, `coroutine.wrap(function() coroutine.yield(1) end)()`)
}
