//go:build unix && !linux

package local

// forWay opens a folder to reach what is in it by name.
const forWay = forFolder
