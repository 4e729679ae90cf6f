using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rqml.Extensions.AI;
using Rqml.Extensions.AI.Answers;
using Rqml.Extensions.AI.Calls;
using Rqml.Extensions.AI.Judges;

namespace Rqml;

/// <summary>Models, scorers, validators and similarities over the host's chat clients and embedding generators.</summary>
/// <remarks>
/// Clients are the host's: <c>AddChatClient</c> or <c>AddKeyedChatClient</c>, and <c>AddEmbeddingGenerator</c> or <c>AddKeyedEmbeddingGenerator</c>. They serve all lanes at once, and
/// are to throw at a refusal rather than to try again by themselves. What is out of range, and a client that the host has not, keep the host from starting.
/// </remarks>
public static class RqmlChatTaskClassExtensions
{
    private const string UnnamedModel = "chat";

    /// <summary>As many calls as most services allow from the start; what one bears is found out.</summary>
    private static readonly ModelConcurrency UsualConcurrency = ModelConcurrency.Adaptive(from: 4, to: 64);

    /// <summary>Adds a model that asks a chat client: for an artifact that is a string for text, for any other for JSON by the schema of its type.</summary>
    /// <param name="builder">The class.</param>
    /// <param name="client">Key of the client, as <c>AddKeyedChatClient</c> has it; null: the one without a key.</param>
    /// <param name="configure">Instructions, price, limits.</param>
    /// <param name="tier">Its size: escalation goes from 0 up.</param>
    /// <param name="family">Models of one family fail alike; default: its name.</param>
    /// <param name="name">Unique in the class; default: the client's key, or "chat".</param>
    /// <param name="cost">What a call is declared to cost: it counts where a call does not say how many tokens it used, and is what routers go by. Default: that of 1,000 tokens in and out; without a price 1.</param>
    /// <param name="concurrency">How many of its calls a node makes at once. Default: found out, from 4 to 64.</param>
    /// <param name="prompt">What a pass says after the instructions. Default: task, answer so far, what reviewers said, and the number of the round. Called by several lanes at once.</param>
    public static TaskClassBuilder<TPayload, TArtifact> AddChatModel<TPayload, TArtifact>(
        this TaskClassBuilder<TPayload, TArtifact> builder, string? client = null, Action<ChatModelOptions>? configure = null,
        int tier = 0, string? family = null, string? name = null, double? cost = null, ModelConcurrency? concurrency = null,
        Func<RefinementContext<TPayload, TArtifact>, IEnumerable<ChatMessage>>? prompt = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new ChatModelOptions();
        configure?.Invoke(options);
        var (model, tariff) = (name ?? client ?? UnnamedModel, Tariff.OfModel(options.Price, cost));
        return builder.AddModel(model, Make, tier, family, tariff.Declared, concurrency: concurrency ?? UsualConcurrency);

        IRefinementModel<TPayload, TArtifact> Make(IServiceProvider services)
        {
            var time = services.GetRequiredService<TimeProvider>();
            var call = new ChatCall(model, Required<IChatClient>(services, client, nameof(AddChatModel), "AddChatClient", options), options, tariff, time);
            var shape = AnswerShape<TArtifact>.Of(options.Json);
            return new ChatRefinementModel<TPayload, TArtifact>(call, options, shape, prompt ?? new RefinementPrompt<TPayload, TArtifact>(AnswerShape<TPayload>.Of(options.Json), shape).Of, time);
        }
    }

    /// <summary>Scores artifacts by what a chat client thinks of them. Its calls are made on the lane, one for each pass; they cost by their tokens.</summary>
    /// <param name="builder">The class.</param>
    /// <param name="criteria">What makes an answer good, in words for the client.</param>
    /// <param name="client">Key of the client; null: the one without a key.</param>
    /// <param name="configure">Price, limits.</param>
    public static TaskClassBuilder<TPayload, TArtifact> ScoreWithChat<TPayload, TArtifact>(
        this TaskClassBuilder<TPayload, TArtifact> builder, string criteria, string? client = null, Action<ChatJudgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(criteria);
        var options = Configured(configure);
        return builder.ScoreWith(services =>
            new ChatScorer<TPayload, TArtifact>(MakeJudge<ScoreAnswer>(services, "scorer", nameof(ScoreWithChat), client, options), MakePrompt<TPayload, TArtifact>(criteria, options)));
    }

    /// <summary>
    /// Adds a validator that is a chat client: what it finds wrong is what the next pass is told. It is asked when the artifact has converged, and waits no longer than the class's
    /// <c>validatorTimeout</c>.
    /// </summary>
    /// <param name="builder">The class.</param>
    /// <param name="criteria">What an answer has to meet, in words for the client.</param>
    /// <param name="client">Key of the client; null: the one without a key.</param>
    /// <param name="configure">Price, limits.</param>
    /// <param name="reliability">How often its verdict is expected to be right, from 0.5 to 1. Default 0.8.</param>
    /// <param name="name">Unique in the class; default: the client's key, or "critic".</param>
    public static TaskClassBuilder<TPayload, TArtifact> ValidateWithChat<TPayload, TArtifact>(
        this TaskClassBuilder<TPayload, TArtifact> builder, string criteria, string? client = null, Action<ChatJudgeOptions>? configure = null, double reliability = 0.8, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(criteria);
        var (options, validator) = (Configured(configure), name ?? client ?? "critic");
        return builder.ValidateWith(validator, services =>
            new ChatValidator<TPayload, TArtifact>(MakeJudge<VerdictAnswer>(services, validator, nameof(ValidateWithChat), client, options), MakePrompt<TPayload, TArtifact>(criteria, options)), reliability);
    }

    /// <summary>Compares artifacts that are strings by their embeddings.</summary>
    /// <inheritdoc cref="CompareWithEmbeddings{TPayload, TArtifact}" path="/param"/>
    public static TaskClassBuilder<TPayload, string> CompareWithEmbeddings<TPayload>(
        this TaskClassBuilder<TPayload, string> builder, string? generator = null, int cached = 64, TimeSpan? timeout = null) => builder.CompareWithEmbeddings(text => text, generator, cached, timeout);

    /// <summary>Compares artifacts by the embeddings of their texts. What embeddings cost is not counted.</summary>
    /// <param name="builder">The class.</param>
    /// <param name="text">What of an artifact is compared.</param>
    /// <param name="generator">Key of the generator, as <c>AddKeyedEmbeddingGenerator</c> has it; null: the one without a key.</param>
    /// <param name="cached">How many embeddings are remembered; no fewer than tasks that run at once. Default 64. From 0 to 65,536.</param>
    /// <param name="timeout">How long an embedding may take, waiting after a refusal for load included. Default 30 s. From 100 ms to 1 h.</param>
    public static TaskClassBuilder<TPayload, TArtifact> CompareWithEmbeddings<TPayload, TArtifact>(
        this TaskClassBuilder<TPayload, TArtifact> builder, Func<TArtifact, string> text, string? generator = null, int cached = 64, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(cached);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cached, 65_536);
        var limit = timeout ?? TimeSpan.FromSeconds(30);
        if (limit < TimeSpan.FromMilliseconds(100) || limit > TimeSpan.FromHours(1)) throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "An embedding may take from 100 ms to 1 h.");
        return builder.CompareWith(services => new EmbeddingLikeness<TArtifact>(
            Required<IEmbeddingGenerator<string, Embedding<float>>>(services, generator, nameof(CompareWithEmbeddings), "AddEmbeddingGenerator", null), text, cached, limit, services.GetRequiredService<TimeProvider>()));
    }

    private static ChatJudgeOptions Configured(Action<ChatJudgeOptions>? configure)
    {
        var options = new ChatJudgeOptions();
        configure?.Invoke(options);
        return options;
    }

    private static JudgePrompt<TPayload, TArtifact> MakePrompt<TPayload, TArtifact>(string criteria, ChatJudgeOptions options) =>
        new(criteria, AnswerShape<TPayload>.Of(options.Json), AnswerShape<TArtifact>.Of(options.Json));

    private static Judge<TAnswer> MakeJudge<TAnswer>(IServiceProvider services, string name, string method, string? client, ChatJudgeOptions options)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var call = new ChatCall(name, Required<IChatClient>(services, client, method, "AddChatClient", options), options, Tariff.OfJudge(options.Price), time);
        return new Judge<TAnswer>(call, new JsonShape<TAnswer>(JudgeJson.Default.Options), options.Timeout, time);
    }

    /// <summary>The client of that key, where it is there and the options are in their ranges; else every fault at once.</summary>
    private static TClient Required<TClient>(IServiceProvider services, string? key, string method, string registration, ChatCallOptions? options)
        where TClient : class
    {
        var client = key is null ? services.GetService<TClient>() : services.GetKeyedService<TClient>(key);
        List<string> faults = [.. options?.Faults() ?? []];
        if (client is null && key is null) faults.Add($"{method} has no client to ask: the host has none without a key; {registration}(…), or say the key of one.");
        else if (client is null) faults.Add($"{method} asks for '{key}'; the host has nothing under that key: {registration.Insert(3, "Keyed")}(\"{key}\", …).");
        return faults.Count == 0 ? client! : throw new OptionsValidationException(method, options?.GetType() ?? typeof(TClient), faults);
    }
}
