namespace Rqml.Core.Tests.Hosting;

/// <summary>The task class of these tests: payload and artifact are words, and an artifact that repeats has converged.</summary>
internal static class Words
{
    public static readonly TaskClass<string, string> Class = new("words");

    /// <summary>Registers the class with one model that a delegate is.</summary>
    public static IRqmlBuilder AddWords(
        this IRqmlBuilder rqml, Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>> model, Action<TaskClassBuilder<string, string>>? more = null) =>
        rqml.AddTaskClass(Class, words =>
        {
            words.AddModel("model", model).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0));
            more?.Invoke(words);
        });

    /// <summary>Converges in its second iteration.</summary>
    public static ValueTask<Refinement<string>> Echo(RefinementContext<string, string> context, CancellationToken cancellationToken) => new(context.Payload);

    /// <summary>Never repeats itself.</summary>
    public static ValueTask<Refinement<string>> Count(RefinementContext<string, string> context, CancellationToken cancellationToken) =>
        new(context.Iteration.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public static async IAsyncEnumerable<string> Stream(int count)
    {
        for (var number = 0; number < count; number++)
        {
            await Task.Yield();
            yield return $"{number}";
        }
    }

    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var one in source) all.Add(one);
        return all;
    }
}

/// <summary>A model that waits in each pass until the test opens it, and says when it is first entered.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _passes;

    public Task Entered => _entered.Task;

    public int Passes => Volatile.Read(ref _passes);

    public void Open() => _opened.TrySetResult();

    public async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _passes);
        _entered.TrySetResult();
        await _opened.Task.WaitAsync(cancellationToken);
        return context.Payload;
    }

    /// <summary>Hears of nothing but the opening.</summary>
    public async ValueTask<Refinement<string>> RefineDeaf(RefinementContext<string, string> context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _passes);
        _entered.TrySetResult();
        await _opened.Task;
        return context.Payload;
    }
}
