using FsCheck;
using FsCheck.Xunit;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Tasks;

public sealed class AdmissionTests
{
    [Fact]
    public async Task Permits_go_to_those_who_wait_in_the_order_of_asking_and_to_one_each()
    {
        var admission = new Admission(1);
        Assert.Equal(Entry.Admitted, admission.TryEnter());
        var waiting = Enumerable.Range(0, 5).Select(_ => admission.EnterAsync(default).AsTask()).ToArray();

        for (var next = 0; next < waiting.Length; next++)
        {
            Assert.DoesNotContain(waiting[next..], task => task.IsCompleted);
            admission.Leave(1);
            Assert.True(await waiting[next]);
        }

        Assert.Equal(1, admission.Taken);
    }

    [Fact]
    public async Task Nobody_overtakes_those_who_wait()
    {
        var admission = new Admission(2);
        admission.Occupy(3);      // more than a smaller limit allows were open at the start
        var first = admission.EnterAsync(default).AsTask();
        admission.Leave(1);
        Assert.False(first.IsCompleted);
        Assert.Equal(Entry.Full, admission.TryEnter());

        admission.Leave(1);
        Assert.True(await first);
        Assert.Equal(Entry.Full, admission.TryEnter());
    }

    [Fact]
    public async Task Who_cancels_leaves_the_line_and_the_next_one_gets_the_permit()
    {
        var admission = new Admission(1);
        admission.TryEnter();
        using var cancelling = new CancellationTokenSource();
        var first = admission.EnterAsync(cancelling.Token).AsTask();
        var second = admission.EnterAsync(default).AsTask();

        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, admission.Waiting);

        admission.Leave(1);
        Assert.True(await second);
    }

    [Fact]
    public async Task Closing_sends_everybody_away_and_lets_nobody_in()
    {
        var admission = new Admission(1);
        admission.TryEnter();
        var waiting = Enumerable.Range(0, 3).Select(_ => admission.EnterAsync(default).AsTask()).ToArray();

        admission.Close();

        Assert.All(await Task.WhenAll(waiting), Assert.False);
        admission.Leave(1);
        Assert.Equal(Entry.Closed, admission.TryEnter());
        Assert.False(await admission.EnterAsync(default));
    }

    [Fact]
    public async Task The_line_is_bounded()
    {
        var admission = new Admission(1);
        admission.TryEnter();
        for (var waiter = 0; waiter < Admission.MaxWaiting; waiter++) _ = admission.EnterAsync(default).AsTask();

        var error = await Assert.ThrowsAsync<TooManyWaitingException>(() => admission.EnterAsync(default).AsTask());

        Assert.Equal((1, Admission.MaxWaiting), (error.MaxOpen, error.MaxWaiting));
        admission.Close();
    }

    /// <summary>Any script of asking, trying, cancelling and leaving, beside a list that does the same by scanning.</summary>
    [Property(MaxTest = 300)]
    public bool Any_script_admits_as_a_plain_list_would(PositiveInt limit, byte[] script)
    {
        var (max, taken, asked) = (1 + (limit.Get % 5), 0, 0);
        var admission = new Admission(max);
        var line = new List<(int Number, Task<bool> Task, CancellationTokenSource Cancelling)>();
        var expected = new List<int>();      // who waits, in order
        foreach (var step in script)
        {
            switch (step % 4)
            {
                case 0:
                    var entry = admission.TryEnter();
                    if (entry == Entry.Admitted != (taken < max && expected.Count == 0)) return false;
                    if (entry == Entry.Admitted) taken++;
                    break;
                case 1:
                    var cancelling = new CancellationTokenSource();
                    line.Add((asked, admission.EnterAsync(cancelling.Token).AsTask(), cancelling));
                    if (taken < max && expected.Count == 0) taken++;
                    else expected.Add(asked);
                    asked++;
                    break;
                case 2 when expected.Count > 0:
                    var gone = expected[step % expected.Count];
                    expected.Remove(gone);
                    line.Single(one => one.Number == gone).Cancelling.Cancel();
                    break;
                case 3 when taken > 0:
                    admission.Leave(1);
                    taken--;
                    if (taken >= max || expected.Count == 0) break;
                    expected.RemoveAt(0);
                    taken++;
                    break;
            }

            if (admission.Taken != taken || taken > max || admission.Waiting != expected.Count) return false;
        }

        // Whoever is not in the line any more was admitted or cancelled, and hears of it.
        return line.Where(one => !expected.Contains(one.Number)).All(one => Task.WhenAny(one.Task).Wait(TimeSpan.FromSeconds(30)))
            && line.Where(one => expected.Contains(one.Number)).All(one => !one.Task.IsCompleted);
    }

    [Fact]
    public async Task No_wake_up_is_lost_and_no_permit_is_given_twice_among_many_threads()
    {
        const int Max = 7;
        var admission = new Admission(Max);
        var (inside, most) = (0, 0);
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var round = 0; round < 2_000; round++)
            {
                using var cancelling = new CancellationTokenSource();
                var entering = admission.EnterAsync(cancelling.Token).AsTask();
                if (random.Next(3) == 0) await cancelling.CancelAsync();
                try
                {
                    Assert.True(await entering);
                }
                catch (OperationCanceledException)
                {
                    continue;
                }

                var now = Interlocked.Increment(ref inside);
                for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most)) { }
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                admission.Leave(1);
            }
        }));

        await TestStep.Of("every worker's last round", Task.WhenAll(workers));

        Assert.Equal((0L, 0), (admission.Taken, admission.Waiting));
        Assert.InRange(most, 1, Max);
    }
}
