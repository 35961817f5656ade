import BulkheadControl
import BulkheadMedia
import BulkheadModel

/// Scenes and what is in them.
extension OBSPlanner {
    static let scenes: [String: Answer] = [
        "GetSceneList": { planner in
            let (scenes, desk) = (planner.view.scenes, planner.view.desk)
            let preview = desk.isStudioMode ? scenes.prepared ?? scenes.program : nil
            return .answer(
                .success([
                    "currentProgramSceneName": .string(scenes.program),
                    "currentProgramSceneUuid": .string(OBSNames.scene(scenes.program)),
                    "currentPreviewSceneName": preview.map { .string($0) } ?? .null,
                    "currentPreviewSceneUuid": preview.map { .string(OBSNames.scene($0)) } ?? .null,
                    "scenes": scenes.list,
                ]))
        },
        "GetGroupList": { _ in .answer(.success(["groups": []])) },
        "GetCurrentProgramScene": { planner in
            let name = planner.view.scenes.program
            return .answer(
                .success([
                    "sceneName": .string(name), "sceneUuid": .string(OBSNames.scene(name)),
                    "currentProgramSceneName": .string(name),
                    "currentProgramSceneUuid": .string(OBSNames.scene(name)),
                ]))
        },
        "SetCurrentProgramScene": { planner in
            planner.withScene { name in
                // The one scene of a broadcast that has nothing to choose from is shown already.
                if planner.view.scenes.program == name { return .answer(.success()) }
                return .ask([.scene(.take(name, planner.view.desk.wish))], data: nil)
            }
        },
        "GetCurrentPreviewScene": { planner in
            planner.inStudioMode {
                let name = planner.view.scenes.prepared ?? planner.view.scenes.program
                return .answer(
                    .success([
                        "sceneName": .string(name), "sceneUuid": .string(OBSNames.scene(name)),
                        "currentPreviewSceneName": .string(name),
                        "currentPreviewSceneUuid": .string(OBSNames.scene(name)),
                    ]))
            }
        },
        "SetCurrentPreviewScene": { planner in
            planner.inStudioMode {
                planner.withScene { .ask([.scene(.prepare($0))], data: nil) }
            }
        },
        "GetSceneItemList": { planner in
            planner.withScene { name in
                .answer(.success(["sceneItems": .array(planner.itemList(name))]))
            }
        },
        "GetSceneItemId": { planner in
            planner.withScene { scene in
                planner.with(planner.text("sourceName")) { source in
                    guard let index = planner.view.items(of: scene)?.firstIndex(where: { $0.input == source }) else {
                        return .fail(
                            .resourceNotFound,
                            "No scene items were found in the specified scene by that name or offset.")
                    }
                    return .answer(.success(["sceneItemId": .integer(Int64(index) + 1)]))
                }
            }
        },
        "GetSceneItemEnabled": { planner in
            planner.withItem { _, item, _ in .answer(.success(["sceneItemEnabled": .bool(item.isVisible)])) }
        },
        "SetSceneItemEnabled": { planner in
            planner.withItem { name, item, index in
                planner.with(planner.field("sceneItemEnabled", "a boolean", \.bool)) { isVisible in
                    guard var scene = planner.view.status?.scenes?.first(where: { $0.scene.name == name })?.scene else {
                        return .fail(.invalidResourceState, "An input that is shown alone can't be hidden.")
                    }
                    if item.isVisible == isVisible { return .answer(.success()) }
                    scene.items[index].isVisible = isVisible
                    return .ask([.scene(.set(scene))], data: nil)
                }
            }
        },
    ]

    private func inStudioMode(_ body: () -> OBSPlan) -> OBSPlan {
        view.desk.isStudioMode ? body() : .fail(.studioModeNotActive, "Studio mode is not enabled.")
    }

    /// The item of a scene that `sceneItemId` names: its place from the back, from 1.
    private func withItem(_ body: (String, SceneItem, Int) -> OBSPlan) -> OBSPlan {
        withScene { scene in
            with(number("sceneItemId", 0...Double(Int32.max))) { number in
                let (items, index) = (view.items(of: scene) ?? [], Int(number) - 1)
                guard items.indices.contains(index) else {
                    return .fail(.resourceNotFound, "No scene items were found in the specified scene by that ID.")
                }
                return body(scene, items[index], index)
            }
        }
    }

    /// Where an item is, in pixels of the canvas, which inputs are scaled to; all 0 while the canvas is not known.
    private func transform(of item: SceneItem) -> JSONValue {
        let (wide, high) = (Int(view.status?.canvas?.width ?? 0), Int(view.status?.canvas?.height ?? 0))
        let bounds: JSONValue =
            switch item.fit {
            case .contain: "OBS_BOUNDS_SCALE_INNER"
            case .cover: "OBS_BOUNDS_SCALE_OUTER"
            case .stretch: "OBS_BOUNDS_STRETCH"
            }
        let (width, height) = (item.width.pixels(of: wide), item.height.pixels(of: high))
        return [
            "positionX": .number(item.x.pixels(of: wide)), "positionY": .number(item.y.pixels(of: high)),
            "width": .number(width), "height": .number(height), "sourceWidth": .number(Double(wide)),
            "sourceHeight": .number(Double(high)), "scaleX": 1, "scaleY": 1, "rotation": 0,
            // From the left and the top.
            "alignment": 5, "boundsType": bounds, "boundsAlignment": 0, "boundsWidth": .number(width),
            "boundsHeight": .number(height), "cropLeft": .number(item.crop.left.pixels(of: wide)),
            "cropRight": .number(item.crop.right.pixels(of: wide)),
            "cropTop": .number(item.crop.top.pixels(of: high)),
            "cropBottom": .number(item.crop.bottom.pixels(of: high)),
        ]
    }

    private func itemList(_ scene: String) -> [JSONValue] {
        (view.items(of: scene) ?? []).enumerated().map { index, item in
            let input = view.inputs.first { $0.name == item.input }
            return [
                "sceneItemId": .integer(Int64(index) + 1), "sceneItemIndex": .integer(Int64(index)),
                "sceneItemEnabled": .bool(item.isVisible), "sceneItemLocked": false,
                "sourceName": .string(item.input),
                "sourceUuid": input.map { .string(OBSNames.input($0.id)) } ?? .null,
                "sourceType": "OBS_SOURCE_TYPE_INPUT", "inputKind": .string(Self.kind), "isGroup": .null,
                "sceneItemBlendMode": "OBS_BLEND_NORMAL", "sceneItemTransform": transform(of: item),
            ]
        }
    }
}
