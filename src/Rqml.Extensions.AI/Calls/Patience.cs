namespace Rqml.Extensions.AI.Calls;

/// <summary>Waits where a service refuses for load, for those whose work cannot be put off: a pass that would have to be made again costs more than a judge that waits.</summary>
internal sealed class Patience(TimeProvider time, TimeSpan limit)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>Makes the call until it is not refused, or the limit does not leave time for what the service asks for.</summary>
    /// <exception cref="ModelOverloadedException">The service refuses for longer.</exception>
    public async Task<T> MakeAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var pause = First; ; pause = pause * 2 < Longest ? pause * 2 : Longest)
        {
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (ModelOverloadedException refused)
            {
                var wait = refused.RetryAfter > pause ? refused.RetryAfter.Value : pause;
                if (time.GetElapsedTime(began) + wait >= limit) throw;
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
