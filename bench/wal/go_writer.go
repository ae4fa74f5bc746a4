// The Go library's way to write, re-created: one mutex, size, CRC and data through a buffer, flush and fsync for each
// entry.
//
//	go_writer FILE BYTES THREADS SECONDS    prints the entries a second
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_writer:", err)
		os.Exit(1)
	}
}

type writer struct {
	mutex  sync.Mutex
	file   *os.File
	buffer *bufio.Writer
}

func (w *writer) write(data []byte) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var header [12]byte
	binary.BigEndian.PutUint64(header[:], uint64(len(data)))
	binary.BigEndian.PutUint32(header[8:], crc32.ChecksumIEEE(data))
	_, err := w.buffer.Write(header[:])
	must(err)
	_, err = w.buffer.Write(data)
	must(err)
	must(w.buffer.Flush())
	must(w.file.Sync())
}

func number(i int) int {
	value, err := strconv.Atoi(os.Args[i])
	must(err)
	return value
}

func main() {
	file, err := os.Create(os.Args[1])
	must(err)
	w := writer{file: file, buffer: bufio.NewWriter(file)}
	data := make([]byte, number(2))
	end := time.Now().Add(time.Duration(number(4)) * time.Second)
	begin := time.Now()
	var written atomic.Uint64
	var running sync.WaitGroup
	for i := 0; i < number(3); i++ {
		running.Add(1)
		go func() {
			defer running.Done()
			for time.Now().Before(end) {
				w.write(data)
				written.Add(1)
			}
		}()
	}
	running.Wait()
	fmt.Println(float64(written.Load()) / time.Since(begin).Seconds())
}
