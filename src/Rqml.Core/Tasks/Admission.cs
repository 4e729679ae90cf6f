namespace Rqml.Tasks;

/// <summary>
/// Room for open tasks: one permit for each that is open or on its way to the ledger. Permits are handed over in the order of asking, one to one waiter each,
/// so that a settled task wakes nobody in vain. Thread-safe; every call takes constant time.
/// </summary>
/// <remarks>Invariant: permits taken never exceed the limit, but for tasks that a smaller limit found open.</remarks>
internal sealed class Admission(int maxOpen)
{
    /// <summary>A waiting submitter holds its payload; beyond so many the sender has to hear that it is too fast.</summary>
    public const int MaxWaiting = 100_000;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private int _maxOpen = maxOpen;
    private long _taken;
    private bool _isClosed;

    /// <summary>Permits that there are. With fewer than are taken nobody is let in until enough have come back.</summary>
    public int MaxOpen
    {
        get => Volatile.Read(ref _maxOpen);
        set
        {
            Volatile.Write(ref _maxOpen, value);
            Leave(0);      // there may be room now
        }
    }

    /// <summary>Permits that are taken, as of a moment ago.</summary>
    public long Taken
    {
        get
        {
            lock (_lock) return _taken;
        }
    }

    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Counts tasks that were open before anybody asked.</summary>
    public void Occupy(int open)
    {
        lock (_lock) _taken += open;
    }

    /// <summary>Takes a permit if there is one and nobody waits for it.</summary>
    public Entry TryEnter()
    {
        lock (_lock)
        {
            if (_isClosed) return Entry.Closed;
            if (_taken >= MaxOpen || _waiting.Count > 0) return Entry.Full;
            _taken++;
            return Entry.Admitted;
        }
    }

    /// <summary>Takes a permit, in turn; false once closed. Cancelling gives the place in the line up, or the permit back.</summary>
    /// <exception cref="TooManyWaitingException">So many wait already that this one is turned away.</exception>
    public async ValueTask<bool> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            if (_isClosed) return false;
            if (_taken < MaxOpen && _waiting.Count == 0)
            {
                _taken++;
                return true;
            }

            if (_waiting.Count >= MaxWaiting) throw new TooManyWaitingException(MaxOpen, MaxWaiting);
            waiter = new Waiter(this);
            waiter.Place = _waiting.AddLast(waiter);
        }

        using (cancellationToken.UnsafeRegister(static waiter => ((Waiter)waiter!).Withdraw(), waiter))
        {
            if (!await waiter.Task) return false;
        }

        if (!cancellationToken.IsCancellationRequested) return true;
        Leave(1);
        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>Gives permits back: tasks were settled, or were never taken.</summary>
    public void Leave(int permits)
    {
        lock (_lock)
        {
            _taken -= permits;
            while (_taken < MaxOpen && _waiting.First is { } first)
            {
                RemoveLocked(first.Value);
                _taken++;
                first.Value.TrySetResult(true);
            }
        }
    }

    /// <summary>Lets nobody in any more, and sends those away who wait.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            while (_waiting.First is { } first)
            {
                RemoveLocked(first.Value);
                first.Value.TrySetResult(false);
            }
        }
    }

    private void RemoveLocked(Waiter waiter)
    {
        _waiting.Remove(waiter.Place!);
        waiter.Place = null;
    }

    /// <summary>One submitter in the line. Its place is null once it has left it.</summary>
    private sealed class Waiter(Admission admission) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public LinkedListNode<Waiter>? Place { get; set; }

        public void Withdraw()
        {
            lock (admission._lock)
            {
                if (Place is null) return;      // it was admitted, or sent away
                admission.RemoveLocked(this);
            }

            TrySetCanceled();
        }
    }
}

/// <summary>What came of asking for a permit without waiting.</summary>
internal enum Entry : byte
{
    Admitted,
    Full,
    Closed,
}
